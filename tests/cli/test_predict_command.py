"""`jnl predict`: the file that it writes, and what it refuses."""

import csv
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, quick
from helpers.faults import QUICK, full_disk
from PIL import Image

import jnl
from jnl import cli


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workdir with two runs. The second run has failed."""
    config = quick("standard", epochs=1)
    config.sweep = (("optim.learning_rate", (1e-3, 1e38)), ("seeds", (1,)))
    workdir = tmp_path_factory.mktemp("trained")
    jnl.run(config, workdir)
    return workdir


@pytest.fixture
def digits(tmp_path):
    """Five images in a file."""
    file = tmp_path / "digits.npy"
    np.save(file, jnl.data.load("digits").test.inputs[:5])
    return file


def contents(path):
    """What a file, or each file at any depth in a folder, holds."""
    return {file: file.read_bytes() for file in [path, *path.rglob("*")] if file.is_file()}


@pytest.mark.parametrize(
    ("classes", "columns"),
    [(("predicted", "input"), ["class predicted", "class input"]), (("cat", "dog"), ["cat", "dog"])],
)
@pytest.mark.filterwarnings("ignore:config.batch_size")
def test_a_class_with_the_name_of_a_column(classes, columns, tmp_path, recwarn, capsys):
    numbers = np.random.default_rng(0).normal(size=(80, 3))
    config = jnl.get_config("standard", "data=own,rate=0.1,quick")
    config.batch_size, config.seeds, config.epochs = 6, 1, 1
    dataset = jnl.from_arrays(numbers, np.arange(80) % 2, class_names=classes)
    history = jnl.run(config, tmp_path / "run", dataset=dataset)
    np.save(tmp_path / "new.npy", numbers)
    out = tmp_path / "out.csv"
    command = ["predict", str(tmp_path / "run"), str(tmp_path / "new.npy"), f"--out={out}", "--probabilities"]
    recwarn.clear()
    assert cli.main(command) == 0
    said = "classes have names of other columns ('predicted', 'input'), so the column of a class is called 'class NAME'"
    assert [str(warning.message) for warning in recwarn] == ([said] if classes[0] == "predicted" else [])
    with out.open() as file:
        header, *rows = csv.reader(file)
    assert header == ["input", "predicted", "probability", *columns]
    expected = history.predict_proba(numbers)
    np.testing.assert_allclose(np.array(rows)[:, 3:].astype(float), expected, atol=1e-6)
    best = expected.argmax(1)
    assert rows[0][1] == classes[best[0]]
    (line,) = capsys.readouterr().out.splitlines()
    assert all(f"{(best == k).sum()} of class {classes[k]}" in line for k in set(best))


def test_a_failed_run_does_not_predict(trained, digits, tmp_path, capsys):
    said = "error: run: 1; this run has failed; choose another one, or train again\n"
    for command in (["predict", str(trained), str(digits)], ["export", str(trained)]):
        assert cli.main([*command, f"--out={tmp_path / 'out'}", "--run=1"]) == 2
        assert capsys.readouterr().err == said
    assert not (tmp_path / "out").exists()
    failed = jnl.load(trained).programs[0].points[1]
    with pytest.raises(jnl.UserError, match="run: all runs of this point have failed"):
        jnl.load(trained).predict_proba(np.load(digits), point=failed)


@pytest.mark.skipif(sys.platform == "win32", reason="there a process has no limit of the size of its files")
def test_a_full_disk_spoils_no_earlier_output(trained, digits, tmp_path, capsys):
    for command in (["predict", str(trained), str(digits)], ["export", str(trained)]):
        out = tmp_path / command[0]
        again = [*command, f"--out={out}", "--run=0"]
        assert cli.main(again) == 0
        before = contents(out)
        capsys.readouterr()
        with full_disk(50):
            assert cli.main(again) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"error: --out: cannot write {out} (File too large)") and error.count("\n") == 1
        assert contents(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits.npy", "export", "predict"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files do not depend on the locale")
def test_names_of_files_are_utf8_in_a_locale_of_ascii(trained, digits, tmp_path):
    (tmp_path / "images").mkdir()
    Image.fromarray(np.load(digits)[0, ..., 0]).save(tmp_path / "images" / "é.png")
    ascii_only = {**QUICK, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    line = [sys.executable, "-m", "jnl", "predict", str(trained), str(tmp_path / "images"), "--run=0"]
    subprocess.run([*line, f"--out={tmp_path / 'out'}"], cwd=ROOT, env=ascii_only, check=True)
    assert (tmp_path / "out").read_text("utf-8").splitlines()[1].startswith("é.png,")
