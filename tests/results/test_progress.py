"""What people see of a training where the output is no terminal."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from jnl.results import progress
from jnl.results.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """The time, which moves only when a test moves it."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines(clock, capsys, epochs, seconds, done=0):
    """The lines of a training whose epochs take so many seconds each."""
    with Progress("jocor digits", epochs, done, 11) as shown:
        for _ in range(epochs - int(done)):
            clock[0] += seconds
            shown.epoch({"test_accuracy": np.array([[0.9], [0.94]])}, seconds)
    return capsys.readouterr().err.splitlines()


def test_long_epochs_give_a_line_for_the_first_and_for_each_tenth(clock, capsys):
    found = lines(clock, capsys, epochs=20, seconds=100)
    assert found[0] == "jocor digits: epoch 1 of 20, test 92.00 ± 2.00 %, about 32 minutes left"
    assert [line.split()[3] for line in found] == ["1", "3", "5", "7", "9", "11", "13", "15", "17", "19"]


def test_short_epochs_give_a_line_a_minute(clock, capsys):
    assert [line.split()[3] for line in lines(clock, capsys, epochs=50, seconds=6)] == ["1", "11", "21", "31", "41"]


def test_a_training_of_a_minute_gives_none(clock, capsys):
    assert lines(clock, capsys, epochs=20, seconds=3) == []


def test_a_first_epoch_that_takes_longer_than_the_others_gives_no_wrong_time(clock, capsys):
    with Progress("jocor digits", 400, 0, 11) as shown:
        for seconds in (1.0, *[0.02] * 399):
            clock[0] += seconds
            shown.epoch({"test_accuracy": np.array([[0.9]])}, seconds)
    assert capsys.readouterr().err == ""


def test_the_time_left_follows_from_the_epochs_of_this_process(clock, capsys):
    found = lines(clock, capsys, epochs=20, seconds=100, done=10)
    assert found[0] == "jocor digits: continues after 10 of 20 epochs"
    assert found[1].startswith("jocor digits: epoch 11 of 20") and found[1].endswith("about 15 minutes left")


def test_a_training_that_continues_within_an_epoch_says_how_much_of_it_is_done(clock, capsys):
    """Its first epoch is shorter, and what is left is still estimated from whole ones."""
    with Progress("jocor digits", 20, 10.5, 11) as shown:
        clock[0] += 50
        shown.epoch({"test_accuracy": np.array([[0.9]])}, 100)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "jocor digits: continues after 10.5 of 20 epochs"
    assert second.startswith("jocor digits: epoch 11 of 20") and second.endswith("about 15 minutes left")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("full", [True, False])
def test_a_training_goes_on_without_lines_if_stderr_is_full_or_closed(full, clock, capsys, monkeypatch):
    stderr = io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)
    monkeypatch.setattr(sys, "stderr", stderr if full else None)
    assert lines(clock, capsys, epochs=20, seconds=100, done=2) == []
