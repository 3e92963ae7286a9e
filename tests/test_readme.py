"""What the README shows runs: its Python, and the wheel in an empty directory."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from helpers.faults import CLEAN
from helpers.of_others import OfLinen
from helpers.pages import blocks

import jnl
from jnl.core.strategy import Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean, small_loss
from jnl.testing import check_strategy

OWN_DATA, METHOD = blocks(ROOT / "README.md", "python")


@pytest.mark.slow
def test_own_arrays_and_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = jnl.data.load("digits")
    given = {
        "images": digits.train.inputs[:300], "labels": digits.train.labels[:300], "test_images": digits.test.inputs,
        "test_labels": digits.test.labels, "new_images": digits.test.inputs[:7], "MyModule": lambda: OfLinen(10),
    }  # fmt: skip
    *lines, accuracy, probabilities = OWN_DATA.strip().splitlines()
    exec("\n".join(lines), given)
    assert eval(accuracy, given).shape[::2] == (5, 2)
    found = eval(probabilities, given)
    assert found.shape == (7, 10) and found.dtype == np.float32


def test_a_method():
    given = {"Strategy": Strategy, "cross_entropy": cross_entropy, "small_loss": small_loss, "masked_mean": masked_mean}
    exec(METHOD, given)
    check_strategy(given["coteaching"])


@pytest.mark.slow
def test_the_wheel_trains_in_an_empty_directory_without_a_network(tmp_path):
    """The packages that it needs are those of this environment; jnl itself comes from the wheel alone."""
    for name in ("wheel", "installed", "empty"):
        (tmp_path / name).mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet"]
    source = tmp_path / "source"  # the build writes beside the sources
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path / "wheel"), str(source)], check=True)
    (wheel,) = (tmp_path / "wheel").iterdir()
    subprocess.run([*pip, "install", "--no-deps", "--target", str(tmp_path / "installed"), str(wheel)], check=True)
    offline = {"PYTHONPATH": str(tmp_path / "installed"), "https_proxy": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    command = str(tmp_path / "installed" / "bin" / "jnl")

    def run(*words):
        done = subprocess.run([sys.executable, command, *words], cwd=tmp_path / "empty", env={**CLEAN, **offline},
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "  train " in run("--help")
    assert "last 10" in run("train", "--config=jocor:data=digits,quick", "--workdir=x")
    assert (tmp_path / "empty" / "x" / "summary.json").exists()
    where = subprocess.run([sys.executable, "-c", "import jnl; print(jnl.__file__)"], cwd=tmp_path / "empty",
                           env={**CLEAN, **offline}, capture_output=True, text=True).stdout  # fmt: skip
    assert where.startswith(str(tmp_path / "installed") + os.sep)
