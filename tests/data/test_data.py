"""Readers on real files, their cache, what is said where files are missing, and the validation split."""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from conftest import ROOT
from helpers import synthetic
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_digits

from jnl import cli, data
from jnl.data import cache, download, holdout
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.sources.cifar10_open_set import OUTSIDE
from jnl.support.errors import UserError

# SHA-256 (first 16) of the images and uint8 labels of MNIST in the order of the official files: train, then test.
ORIGINAL = ("741c988805d008ac", "1feba77c54802fa5", "6d87418db22cc802", "ddeff807876a9661")


def sha(array, dtype=np.uint8):
    return hashlib.sha256(np.ascontiguousarray(np.asarray(array, dtype))).hexdigest()[:16]


@pytest.mark.slow
def test_a_prepared_set_comes_back_in_its_original_order(shared_data):
    """`test_original_sets` compares this set and the others with the MD5 sums of their original files."""
    for _ in range(2):  # decoded, then from the cache
        loaded = data.load("mnist", shared_data)
        found = (loaded.train.inputs, loaded.train.labels, loaded.test.inputs, loaded.test.labels)
        assert tuple(map(sha, found)) == ORIGINAL
    assert loaded.train.inputs.dtype == np.uint8
    assert loaded.train.labels.dtype == np.int32
    assert len(loaded.class_names) == 10
    assert any(path.name.startswith("mnist-train") for path in cache.directory().iterdir())


def test_digits_are_those_of_scikit_learn():
    images, labels = load_digits(return_X_y=True)
    test = np.zeros(len(labels), bool)
    test[[row for digit in range(10) for row in np.flatnonzero(labels == digit)[4::5]]] = True
    loaded = data.load("digits")
    for part, rows in ((loaded.train, ~test), (loaded.test, test)):
        np.testing.assert_array_equal(
            np.asarray(part.inputs)[:, :, :, 0].reshape(-1, 64), np.rint(images * 255 / 16)[rows]
        )
        np.testing.assert_array_equal(part.labels, labels[rows])


def test_digits_need_no_files():
    loaded = data.load("digits")
    assert loaded.train.inputs.shape == (1442, 8, 8, 1)
    assert loaded.test.inputs.shape == (355, 8, 8, 1)
    assert (loaded.train.inputs.min(), loaded.train.inputs.max()) == (0, 255)
    counts = np.bincount(loaded.test.labels)
    assert counts.min() >= 34
    assert counts.max() <= 36


@pytest.mark.parametrize("name", ["mnist", "cifar100"])
def test_a_missing_set_says_the_command_that_prepares_it(name, tmp_path):
    with pytest.raises(UserError, match=rf"python -m jnl prepare {name} --dir={tmp_path}"):
        data.load(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_half_copied_set_is_missing_too(shared_data, tmp_path):
    copy = tmp_path / "mnist" / "3.0.1"
    shutil.copytree(shared_data / "mnist" / "3.0.1", copy)
    next(copy.glob("*train*")).unlink()
    with pytest.raises(UserError, match="prepare it once"):
        data.load("mnist", tmp_path)


def test_preparing_says_what_is_wrong(capsys, tmp_path):
    assert cli.main(["prepare", "mnits"]) == 2
    assert "did you mean 'mnist'" in capsys.readouterr().err
    if find_spec("tensorflow") is None:
        assert cli.main(["prepare", "mnist", f"--dir={tmp_path}"]) == 2
        printed = capsys.readouterr()
        assert "pip install tensorflow" in printed.err and printed.out == ""


@pytest.mark.parametrize("name", ["cifar100", "svhn_cropped", "cifar10_n"])
def test_what_is_prepared_already_is_read_and_not_prepared_again(name, tmp_path, capsys):
    """By its own source if it has one, else by that of any TFDS data set."""
    labels = synthetic.CIFAR10N if name == "cifar10_n" else ("label",)
    splits = {
        part: (synthetic.pictures(4, 32, 32, 3), dict.fromkeys(labels, [0, 1, 2, 3])) for part in ("train", "test")
    }
    synthetic.prepared(tmp_path, name, splits, labels=labels, supervised=name != "cifar10_n")
    assert cli.main(["prepare", name, f"--dir={tmp_path}"]) == 0
    assert f"{name} is ready in {tmp_path}" in capsys.readouterr().out


def test_all_that_sources_read_can_be_prepared():
    import tensorflow_datasets as tfds

    for name in download.PREPARED:
        assert tfds.builder_cls(name).name == name
    assert {*OUTSIDE.values(), ""} <= {*download.PREPARED, ""}


def test_wrong_names_and_options_are_told():
    with pytest.raises(UserError, match="did you mean 'digits'"):
        data.load("digit")
    with pytest.raises(UserError, match="data.size"):
        data.load("digits", size=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_told(bad, monkeypatch):
    labels, features = np.arange(4) % 2, np.zeros((4, 2), np.float32)
    spoilt = features.copy()
    spoilt[1, 1] = bad
    broken = Dataset(split(features, labels), split(spoilt, labels), ("a", "b"))
    monkeypatch.setattr("jnl.data.sources.digits.load", lambda dir=None: broken)
    with pytest.raises(UserError, match="non-finite test inputs"):
        data.load("digits")


class TestCache:
    """A cache is right or made again."""

    @pytest.fixture(autouse=True)
    def files(self, tmp_path, monkeypatch):
        monkeypatch.setenv("JNL_CACHE_DIR", str(tmp_path / "cache"))
        self.source = tmp_path / "source"
        self.source.mkdir()
        (self.source / "file").write_text("one")
        self.calls = 0

    def make(self, allocate):
        self.calls += 1
        allocate("images", (3, 4), np.uint8)[...] = np.arange(12).reshape(3, 4)
        allocate("labels", (3,), np.int32)[...] = np.arange(3)
        allocate("none", (0, 4), np.float32)

    def read(self):
        arrays = cache.through("set", [self.source], self.make)
        np.testing.assert_array_equal(arrays["images"], np.arange(12).reshape(3, 4))
        np.testing.assert_array_equal(arrays["labels"], np.arange(3))
        assert [array.dtype for array in arrays.values()] == [np.uint8, np.int32, np.float32]
        assert arrays["none"].shape == (0, 4)
        assert not any(array.flags.writeable for array in arrays.values())
        return arrays

    def through(self):
        self.read()
        return self.calls

    def entry(self):
        return next(cache.directory().iterdir())

    def test_the_second_read_decodes_nothing(self):
        assert [self.through(), self.through()] == [1, 1]

    def test_arrays_are_mapped(self):
        for _ in range(2):  # as made, then as found
            arrays = self.read()
            assert isinstance(arrays["images"], np.memmap)
            assert isinstance(arrays["labels"], np.memmap)

    def test_changed_source_files_are_read_again(self):
        self.through()
        (self.source / "file").write_text("another")
        assert self.through() == 2
        (self.source / "deep").mkdir()
        (self.source / "deep" / "file").write_text("")
        assert self.through() == 3

    def test_a_source_that_is_missing_is_told(self):
        with pytest.raises(FileNotFoundError):
            cache.through("set", [self.source / "other"], self.make)
        assert self.calls == 0

    @pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "no checksums"])
    def test_a_damaged_entry_is_made_again(self, damage):
        self.through()
        file = self.entry() / "images.npy"
        content = bytearray(file.read_bytes())
        if damage == "flip":
            content[-1] ^= 1
            file.write_bytes(content)
        elif damage == "truncate":
            file.write_bytes(content[:20])
        elif damage == "remove":
            file.unlink()
        else:
            (self.entry() / "checksums.json").write_text("{")
        assert [self.through(), self.through()] == [2, 2]

    def test_no_damage_of_the_header_is_taken_for_data(self):
        self.through()
        length = (self.entry() / "images.npy").stat().st_size
        for position in range(0, length, 5):
            file = self.entry() / "images.npy"
            content = bytearray(file.read_bytes())
            content[position] ^= 1 << position % 8
            file.write_bytes(content)
            self.read()
        assert self.calls == 1 + len(range(0, length, 5))

    def test_what_fails_half_way_leaves_nothing(self):
        def fail(allocate):
            self.make(allocate)
            raise UserError("data.dir: row 5 is not an image")

        with pytest.raises(UserError, match="row 5"):
            cache.through("set", [self.source], fail)
        assert list(cache.directory().iterdir()) == []
        assert [self.through(), self.through()] == [2, 2]

    def test_a_cache_that_cannot_be_written_is_done_without(self, monkeypatch):
        monkeypatch.setenv("JNL_CACHE_DIR", "/proc/jnl")
        assert [self.through(), self.through()] == [1, 2]
        assert not isinstance(self.read()["images"], np.memmap)

    def test_a_full_disk_is_done_without(self):
        cache.directory().mkdir()
        small = [
            "unshare",
            "-r",
            "-m",
            "sh",
            "-c",
            'mount -t tmpfs -o size=1m none "$JNL_CACHE_DIR" && exec "$@"',
            "sh",
        ]
        if shutil.which("unshare") is None or subprocess.run([*small, "true"], capture_output=True).returncode:
            pytest.skip("a small disk cannot be mounted here")
        done = subprocess.run([*small, sys.executable, "-c", FULL], cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "memmap ndarray []\n", "")


FULL = """
import os
import numpy as np
from jnl.data import cache

def make(allocate):
    images, others = allocate("images", (700_000,), np.uint8), allocate("others", (700_000,), np.uint8)
    images[:], others[:] = 7, 5

arrays = cache.through("set", [], make)
assert (arrays["images"] == 7).all() and (arrays["others"] == 5).all()
print(*(type(array).__name__ for array in arrays.values()), os.listdir(cache.directory()))
"""


@given(arrays(np.int32, st.integers(5, 200), elements=st.integers(0, 4)), st.floats(0, 0.9), st.integers(0, 99))
def test_validation_is_stratified_and_of_fixed_size(labels, fraction, seed):
    total = round(fraction * len(labels))
    if fraction and total == 0:
        with pytest.raises(UserError, match="data.validation"):
            holdout.split(labels, fraction, seed)
        return
    train, held = holdout.split(labels, fraction, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), np.arange(len(labels)))
    assert len(held) == total
    counts, exact = np.bincount(labels), total / len(labels) * np.bincount(labels)
    if (counts[counts > 0] - exact[counts > 0] > 1).all():  # no class could lose its last example
        assert (np.abs(np.bincount(labels[held], minlength=len(counts)) - exact) <= 1).all()
    again = holdout.split(labels, fraction, seed)
    np.testing.assert_array_equal(held, again[1])


@pytest.mark.parametrize("rare", [1, 20])
def test_a_rare_class_keeps_its_example_for_training(rare):
    labels = np.concatenate([np.arange(rare), np.repeat([rare, rare + 1], 120)])
    train, held = holdout.split(labels, 0.1, 0)
    assert len(held) == round(0.1 * len(labels))
    assert len(np.unique(labels[train])) == rare + 2
    assert len(holdout.split(np.arange(20), 0.1, 0)[1]) == 2  # here no class can give more


def test_another_seed_holds_out_others():
    labels = np.arange(100) % 4
    assert not np.array_equal(holdout.split(labels, 0.2, 0)[1], holdout.split(labels, 0.2, 1)[1])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan"), 0.999, 0.001])
def test_wrong_fractions_are_told(fraction):
    with pytest.raises(UserError, match="data.validation"):
        holdout.split(np.arange(100) % 4, fraction, 0)


@pytest.mark.parametrize(
    ("name", "folder", "options", "said"),
    [
        ("folder", ".", {"size": "8"}, "data.size: '8'; give a whole number, such as 0"),
        ("folder", ".", {"size": True}, "data.size: True; give a whole number"),
        ("folder", ".", {"range": (0, 4095)}, "data.range: .*give a text"),
        ("table", "x.csv", {"label": 1}, "data.label: 1; give a text, such as 'label'"),
        ("table", "x.csv", {"standardize": "no"}, "data.standardize: 'no'; give True or False"),
        ("table", 3, {}, "data.dir: 3; give the path of a file or folder"),
    ],
)
def test_an_option_of_another_type_is_told(name, folder, options, said):
    with pytest.raises(UserError, match=said):
        data.load(name, folder, **options)
