"""Files from strangers: a fault is one printable line and exit code 2 of the command; names are shown, not obeyed."""

import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import ROOT
from helpers import synthetic
from PIL import Image

from jnl import cli

RED = "\x1b[31m"
GOOD, LABELS = np.zeros((40, 2), np.float32), np.arange(40) % 2


def command(name, dir, *options):
    file = {"clothing1m": "clothing1m.py:quick", "tiny_imagenet": "tiny_imagenet.py:quick"}.get(name)
    reference = file or f"standard.py:data={name},quick"
    return ["train", f"--config={ROOT}/configs/{reference}", f"--config.data.dir={dir}", *options]


def archive(**arrays):
    def make(root):
        np.savez(root / "mine.npz", **{"x": GOOD, "y": LABELS, **arrays})
        return command("arrays", root / "mine.npz")

    return make


def folder(*classes):
    """Of each class the image that it has, if any."""

    def make(root):
        for name, picture in classes:
            (root / "mine" / name).mkdir(parents=True)
            if isinstance(picture, bytes):
                (root / "mine" / name / "0.png").write_bytes(picture)
            elif picture is not None:
                picture.save(root / "mine" / name / "0.png")
        return command("folder", root / "mine")

    return make


OUTSIDE = ["../secret.jpg", "images/../..", "images/link.jpg", "out/secret.jpg", f"images/{'x' * 300}"]


def clothing(file, change, link=False):
    def make(root):
        inside = synthetic.clothing1m(root / "clothes")
        synthetic.save(root / "secret.jpg", synthetic.pictures(1, 9, 9, 3)[0])
        if link:
            (inside / "images/link.jpg").symlink_to(root / "secret.jpg")
            (inside / "out").symlink_to(root)
        (inside / file).write_text(change((inside / file).read_text(), root))
        with (inside / "noisy_label_kv.txt").open("a") as labels:
            labels.writelines(f"{name} 1\n" for name in OUTSIDE)
            labels.write(f"{root}/secret.jpg 1\n")
        return command("clothing1m", inside)

    return make


def tiny(file, content):
    def make(root):
        (synthetic.tiny_imagenet(root / "tiny") / file).write_text(content)
        return command("tiny_imagenet", root / "tiny")

    return make


def table(**columns):
    def make(root):
        pyarrow.parquet.write_table(pa.table(columns), root / "mine.parquet")
        return command("table", root / "mine.parquet")

    return make


def tfds(name):
    return lambda root: command(f"tfds:{name}", root)


KEYS = "noisy_train_key_list.txt"
IMAGE = Image.fromarray(synthetic.pictures(1, 8, 8)[0])
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
WRONG = {
    "pickles": (archive(y=np.array([os.getcwd] * 40)), "names posix.getcwd, which is neither an array nor a number"),
    "pickled objects": (archive(y=np.array([None] * 40)), "training labels are missing ('None or nan') in 40 rows"),
    "pickled names": (archive(class_names=np.array([{}, {}])), "class names are object; give texts"),
    "fractions": (archive(y=LABELS / 2), "training labels are float64"),
    "missing labels": (archive(y=np.where(LABELS, np.nan, 1)), "training labels are missing ('nan')"),
    "negative labels": (archive(y=LABELS - 1), "labels go from -1 to 0"),
    "labels of two axes": (archive(y=np.stack([LABELS, LABELS], 1)), "of shape (40, 2)"),
    "too few labels": (archive(y=LABELS[:39]), "one label for each"),
    "no number": (archive(x=np.full((40, 2), np.nan)), "non-finite training inputs"),
    "one class": (archive(y=LABELS * 0), "all training labels are 0"),
    "one example": (archive(x=GOOD[:1], y=LABELS[:1]), "all training labels are 0"),
    "two examples": (archive(x=GOOD[:2], y=LABELS[:2]), "data.validation: 0.1 of the 2 examples"),
    "names for each": (archive(x=np.zeros((40_000, 1)), y=np.arange(40_000).astype(str)), "40,000 classes, more than"),
    "no characters": (archive(y=np.full(160, 2**30, np.uint32).view("U4")), "contain numbers that are not characters"),
    "label of commands": (archive(y=np.array(["a", "b"] * 20), class_names=["a", RED]), "training labels contain 'b'"),
    "memory": (lambda root: command("arrays", huge(root / "mine.npz")), "cannot read arrays"),
    "bomb": (folder(("a", IMAGE), ("b", Image.new("1", (10_000, 10_000)))), "not an image that can be read"),
    "large bomb": (folder(("a", IMAGE), ("b", Image.new("1", (15_000, 15_000)))), "not an image that can be read"),
    "damaged image": (folder(("a", IMAGE), ("b", b"\x89PNG\r\n\x1a\n\0\0")), "not an image that can be read"),
    "program as image": (folder(("a", IMAGE), ("b", POSTSCRIPT)), "not an image that can be read"),
    "empty class": (folder(("a", IMAGE), ("b", None)), "b holds no images"),
    "one folder": (folder(("a", IMAGE)), "holds 1 folder;"),
    "class of commands": (folder(("a", IMAGE), (f"{RED}\n", None)), r"\x1b[31m\n holds no images"),
    "class of bytes": (folder(("a", IMAGE), (os.fsdecode(b"\xff"), None)), r"\udcff holds no images"),
    "list above": (clothing(KEYS, lambda text, root: text + "../secret.jpg\n"), "'../secret.jpg', which is not"),
    "list of root": (clothing(KEYS, lambda text, root: f"{text}{root}/secret.jpg\n"), "secret.jpg', which is not"),
    "list of a folder above": (clothing(KEYS, lambda text, _: text + "images/../..\n"), "images/../..', which is not"),
    "list by link": (clothing(KEYS, lambda text, _: text + "images/link.jpg\n", True), "link.jpg', which is not"),
    "list by a folder's link": (clothing(KEYS, lambda text, _: text + "out/secret.jpg\n", True), "which is not a path"),
    "list of long names": (clothing(KEYS, lambda text, _: f"{text}images/{'x' * 300}\n"), "which is not a path"),
    "list twice": (clothing(KEYS, lambda text, _: text * 2), "twice; leave one out"),
    "two labels": (clothing("noisy_label_kv.txt", lambda text, _: text + text.replace(" 5", " 6")), "two classes for"),
    "class above": (tiny("wnids.txt", "n02124075\nn01443537\n../../tiny\n"), "'../../tiny', which is not"),
    "class twice": (tiny("wnids.txt", "n02124075\nn01443537\nn02124075\n"), "'n02124075' twice"),
    "image above": (tiny("val/val_annotations.txt", "../../words.txt\tn02124075\n"), "words.txt', which is not"),
    "column of commands": (table(**{RED + "\n": ["a", 1][:1] * 4, "x": [1] * 4}), r"has \x1b[31m\n, x"),
    "column of bytes": (
        table(label=pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"b"]).buffers()), x=[1, 2]),
        "column 'label' cannot be read",
    ),
    "times": (table(label=pa.array([2**62] * 4, pa.timestamp("ms")), x=[1] * 4), "column 'label' cannot be read"),
    "long name": (lambda root: command("folder", root / ("x" * 300)), "File name too long"),
    "name above": (tfds("../mine"), "not a TFDS name"),
    "name elsewhere": (tfds("huggingface:mnist"), "not a TFDS name"),
    "name of commands": (tfds(RED), r"\x1b[31m' is not a TFDS name"),
}  # fmt: skip


def huge(path):
    """A file that promises more than there is memory."""
    np.savez(path, x=np.zeros((40, 2)), y=LABELS)
    path.write_bytes(
        path.read_bytes().replace(b"'shape': (40, 2), }" + b" " * 16, b"'shape': (4000000000000, 2), }     ")
    )
    return path


@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_is_one_line_and_exit_code_2(fault, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("JNL_CACHE_DIR", str(tmp_path / "cache"))
    make, said = WRONG[fault]
    assert cli.main(make(tmp_path)) == 2
    output = capfd.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ") and output.err.count("\n") == 1
    assert output.err[:-1].isprintable()
    assert said in output.err


@pytest.mark.slow
def test_the_real_command_says_it_in_one_line(tmp_path):
    """Whatever warns: a bomb of less than twice the pixels that Pillow allows is a warning of it."""
    for fault in ("bomb", "class of commands"):
        (tmp_path / fault).mkdir()
        line = [sys.executable, "-m", "jnl", *WRONG[fault][0](tmp_path / fault)]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert WRONG[fault][1] in done.stderr


@pytest.mark.slow
def test_names_are_shown_and_not_obeyed(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("JNL_CACHE_DIR", str(tmp_path / "cache"))
    names = [f"{RED}\n", os.fsdecode(b"\xff")]
    for name in names:
        for row, picture in enumerate(synthetic.pictures(30 + len(name), 4, 4)):
            synthetic.save(tmp_path / "mine" / name / f"{row}.png", picture)
    link = tmp_path / f"{RED}\n"
    link.symlink_to(tmp_path / "mine")
    sweep = f"--config.sweep=(('data.dir', ({str(link)!r}, {str(tmp_path / 'mine')!r})), ('epochs', (1,)))"
    line = [*command("folder", tmp_path / "mine"), "--config.batch_size=8", sweep, f"--workdir={tmp_path / 'run'}"]
    assert cli.main(line) == 0
    output = capfd.readouterr().out
    assert all(text.isprintable() for text in output.splitlines())
    assert r"\x1b[31m\n" in output and r"\udcff" in output
    assert RED not in (tmp_path / "run" / "summary.json").read_text()
