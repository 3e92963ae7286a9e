"""`config.minutes` saves and stops a training in time; the same command continues it."""

import itertools

import numpy as np
import pytest
from conftest import quick

from jnl import cli
from jnl.experiment import loop
from jnl.experiment.run import run
from jnl.support.errors import UserError
from jnl.support.signals import OutOfTime


class Clock:
    """A clock that is a minute later at each look."""

    def __init__(self):
        self._minutes = itertools.count()

    def perf_counter(self):
        return 60.0 * next(self._minutes)


def training(folder, minutes=0.0):
    return run(quick("standard", epochs=6, seeds=1, minutes=minutes, checkpoint__every_epochs=99), folder)


def test_it_stops_in_time_and_continues_to_the_same_bits(tmp_path, monkeypatch, capsys):
    unbroken = training(tmp_path / "unbroken")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "time", Clock())
        patch.setattr("jnl.experiment.run.time", Clock())
        with pytest.raises(OutOfTime, match="config.minutes: stopped after 3 of 6 epochs; everything is saved"):
            training(tmp_path / "stopped", minutes=5.0)
    with pytest.raises(OutOfTime, match="stopped after 3 of 6 epochs"):  # not enough for anything more
        training(tmp_path / "stopped", minutes=1e-9)
    capsys.readouterr()
    continued = training(tmp_path / "stopped")
    assert "standard digits: continues after 3 of 6 epochs" in capsys.readouterr().err  # counted in the same way
    np.testing.assert_array_equal(continued.metrics["train_loss"], unbroken.metrics["train_loss"])
    assert continued.summary["points"] == unbroken.summary["points"]


def test_the_command_says_so_and_its_exit_code_asks_for_another_try(tmp_path, capsys):
    assert cli.main(["train", "--config=standard:quick", f"--workdir={tmp_path}", "--config.minutes=1e-9"]) == 75
    assert "config.minutes: stopped after 0 of 3 epochs; everything is saved" in capsys.readouterr().err


def test_it_needs_a_workdir():
    with pytest.raises(UserError, match="config.minutes: .*workdir"):
        training(None, minutes=1.0)


@pytest.mark.parametrize("minutes", [-1.0, float("inf"), float("nan")])
def test_a_number_that_is_none_is_refused(minutes, tmp_path):
    with pytest.raises(UserError, match="config.minutes"):
        training(tmp_path, minutes=minutes)
