"""Systems that are not Linux: without POSIX calls, other text encodings, folders with long and foreign names."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from helpers.faults import QUICK

WINDOWS = {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def folder(tmp_path):
    """A folder whose path has spaces, letters of several scripts, and more than 260 characters."""
    here = tmp_path / "mes données" / "числа 数字" / ("long " * 25 + "name") / ("x" * 100)
    here.mkdir(parents=True)
    assert len(str(here)) > 260
    return here


def on_windows(folder, *commands):
    """-> exit code, what went to people, what went wrong."""
    line = [sys.executable, str(ROOT / "tests/helpers/windows.py"), json.dumps(commands)]
    environment = QUICK | WINDOWS | {"JNL_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, encoding="cp1252")
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_all_commands_work_without_posix_calls(folder):
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)), columns=["länge", "b", "数"])
    rows["label"] = ["größer" if value > 0 else "kleiner" for value in rows.pop("数")]
    rows.to_csv(folder / "mine.csv", index=False)
    train = ["train", "--config=jocor:data=table,quick", "--config.data.dir=mine.csv", "--workdir=été"]
    options = ["--config.batch_size=16", "--config.optim.schedule=cosine", "--config.optim.cycle=9"]
    code, out, error = on_windows(
        folder,
        [*train, *options, "--config.epochs=2"],
        [*train, *options, "--config.epochs=3"],
        ["report", "été", "--out=report"],
        ["predict", "été", "mine.csv", "--out=predictions.csv"],
        ["export", "été", "--out=model"],
        ["audit", "mine.csv", "--out=audit", "--folds=2", "--epochs=2"],
    )
    assert code == 0, error
    assert "cannot be locked on this system" in error
    assert "Traceback" not in error
    assert sorted(path.name for path in (folder / "été" / "checkpoints" / "0").iterdir()) != []
    assert len((folder / "été" / "metrics.jsonl").read_text().splitlines()) == 3 * 2
    assert set(pd.read_csv(folder / "predictions.csv").predicted) <= {"größer", "kleiner"}
    assert (folder / "audit" / "index.html").exists() and (folder / "report" / "index.html").exists()
    assert list(folder.glob("cache/**/.*")) == []  # nothing half written stays
