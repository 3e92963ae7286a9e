"""Trainings that are stopped by a signal: what they say, what is kept of them, how they go on."""

import io
import os
import shutil
import signal
import subprocess
import threading

import jax
import numpy as np
import pytest
from conftest import ROOT, quick
from helpers.faults import QUICK, begin, line, newest, passes, rows, saved, start, stop_when, wait_until

import jnl
from jnl import cli
from jnl.experiment.build import build
from jnl.experiment.result_sink import open_results
from jnl.experiment.run import train as train_programs
from jnl.report import grouping, reading
from jnl.support.errors import UserError
from jnl.support.signals import Interrupts, Stopped

EPOCHS = 12


@pytest.mark.slow
def test_of_a_grid_that_is_stopped_what_is_over_is_reported(tmp_path, capsys):
    path, so_far = tmp_path / "grid", tmp_path / "grid" / "summary-so-far.json"
    arguments = [f"--config={ROOT}/configs/standard.py:quick", f"--workdir={path}", f"--config.epochs={EPOCHS}"]
    arguments.append('--config.sweep=(("strategy.name", ("standard", "jocor")),)')

    def stopped(ready):
        stop_when(ready)
        assert cli.main(["train", *arguments]) == 128 + signal.SIGTERM

    def shown():
        return [
            result.strategy
            for leaderboard in grouping.leaderboards(reading.read([path]))[0]
            for result in leaderboard.results
        ]

    stopped(lambda: rows(path) > 2 * EPOCHS)
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 3')  # as a process leaves it that is killed while it writes
    assert so_far.exists() and shown() == ["standard"]
    assert cli.main(["report", str(path), "--out", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "index.html").read_text()
    assert f"{path} is not finished: only its finished programs are shown." in page
    so_far.unlink()  # as of a process that is killed before it writes it
    before = rows(path)
    stopped(lambda: rows(path) > before + 2)
    assert shown() == ["standard"]
    shutil.rmtree(path / "checkpoints")  # all must train again
    (path / "metrics.jsonl").unlink()  # else the rows of the second program stay until new ones replace them
    stopped(lambda: 2 < rows(path) < 2 * EPOCHS)
    assert not so_far.exists()
    assert cli.main(["report", str(path), "--out", str(tmp_path / "report")]) == 2
    assert "there are no results yet, because the training" in capsys.readouterr().err
    assert cli.main(["train", *arguments]) == 0
    assert not so_far.exists() and sorted(shown()) == ["jocor", "standard"]


@pytest.mark.slow
def test_folds_go_on_too(tmp_path, capsys):
    def training(path=None):
        return jnl.run(quick("confident_filter", strategy__folds=2, strategy__fold_epochs=20, epochs=20,
                             checkpoint__every_epochs=1), path)  # fmt: skip

    stop_when(lambda: any((tmp_path / "checkpoints" / "0-folds").glob("1*")))
    with pytest.raises(Stopped, match="of 20 epochs in the cross-validation; everything"):
        training(tmp_path)
    assert rows(tmp_path) == 0
    history = training(tmp_path)
    assert "continues after" in capsys.readouterr().err
    assert not list((tmp_path / "checkpoints" / "0-folds").glob("*.damaged"))
    unbroken = training()
    for mine, theirs in zip(*map(jax.tree.leaves, (history[:3:2], unbroken[:3:2])), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_second_signal_ends_at_once():
    """Saving is not waited for."""
    with Interrupts(True) as heard:
        os.kill(os.getpid(), signal.SIGINT)
        assert heard.number == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(5)  # until the signal arrives


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_the_command_says_where_it_stopped(number, tmp_path, capsys):
    process = start(tmp_path, "configs/jocor.py:quick", "--config.epochs=10000")
    wait_until(lambda: rows(tmp_path) >= 4 or process.poll() is not None)
    if number == signal.SIGTERM:  # two commands at once
        same = [f"--config={ROOT}/configs/jocor.py:quick", f"--workdir={tmp_path}", "--config.epochs=10000"]
        assert cli.main(["train", *same]) == 2
        refused = capsys.readouterr().err
        assert "another process is training in" in refused and refused.count("\n") == 1
        assert passes(process, 0)
    process.send_signal(number)
    _, error = process.communicate(timeout=100)
    assert process.returncode == 128 + number
    with pytest.raises(UserError, match="of 10000 epochs, and not of 3"):  # the lock has ended with the process
        jnl.run(quick("jocor"), tmp_path)
    *progress, first, second = error.splitlines()
    assert all(line.startswith("jocor digits: epoch ") for line in progress)  # if it takes long
    assert first == f"{number.name}: jnl saves, then stops; repeat the signal to stop at once"
    assert second.startswith(f"{number.name}: stopped after ") and "of 10000 epochs; everything is saved, and" in second


def test_without_a_workdir_it_stops_at_once():
    arguments = [*line("", "configs/jocor.py:quick")[:3], "--config.epochs=10000"]
    process = begin(arguments)
    while "jocor on digits" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=100)
    *progress, told = error.splitlines()
    assert process.returncode == 130 and told.startswith("stopped; what was saved before")
    assert all(line.startswith("jocor digits: epoch 1 of 10000") for line in progress)  # if it came so far


@pytest.fixture
def unread():
    """The end of a pipe whose other end is closed, as after `| head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def test_a_command_whose_output_nothing_reads_stops_in_one_line(unread, tmp_path):
    options = {"cwd": ROOT, "env": QUICK, "stderr": subprocess.PIPE, "text": True}
    done = subprocess.run(line(tmp_path, "configs/jocor.py:quick"), stdout=unread, **options)
    assert done.returncode == 141
    assert done.stderr.startswith("stopped, because nothing reads the output") and done.stderr.count("\n") == 1


def test_a_training_whose_progress_nothing_reads_is_saved(unread, tmp_path, monkeypatch):
    monkeypatch.setattr("jnl.results.progress._LEAST_SECONDS", 0.0)  # a line for each epoch
    monkeypatch.setattr("jnl.results.progress._LEAST_SHARE", 0.0)
    with monkeypatch.context() as patch, pytest.raises(Stopped, match="SIGPIPE: stopped after 1 of 3") as stopped:
        patch.setattr("sys.stderr", io.TextIOWrapper(io.FileIO(unread, "w", closefd=False), write_through=True))
        jnl.run(quick("standard"), tmp_path)
    assert stopped.value.exit_code == 141
    assert saved(tmp_path / "checkpoints" / "0") == [1]


@pytest.mark.slow
def test_another_cut_is_taken_up_as_it_was(tmp_path, monkeypatch):
    """Whether inputs stream follows free memory: the segments of an epoch stay those it began with."""

    def training(path=None):
        often = {"checkpoint__every_minutes": 1e-6, "checkpoint__keep": 99}
        return jnl.run(quick("jocor", epochs=3, runs_axis="map", **often), path)

    monkeypatch.setattr(
        "jnl.parallel.host_feed.BYTES", 2 * 11 * 128 * 64 // 3
    )  # three segments of 11 steps and two runs
    monkeypatch.setattr("jnl.parallel.devices.memory", lambda: 2**17)
    stop_when(lambda: rows(tmp_path) >= 4)
    with pytest.raises(Stopped):
        training(tmp_path)
    segments = newest(tmp_path / "checkpoints" / "0").record["segments"]
    monkeypatch.undo()
    assert segments > 1
    history, unbroken = training(tmp_path), training()
    # Another program, so the last bits may differ; a place in another cut would train other batches.
    np.testing.assert_allclose(history.metrics["train_loss"], unbroken.metrics["train_loss"], rtol=1e-5)
    assert newest(tmp_path / "checkpoints" / "0").record["segments"] == segments


@pytest.mark.slow
def test_a_signal_in_the_last_piece_counts(tmp_path):
    sweep = quick("standard", epochs=1)
    sweep.sweep = (("strategy.name", ("standard", "small_loss", "jocor")), ("seeds", 1))
    programs = build(sweep)
    stop_when(lambda: rows(tmp_path) >= 1)
    with pytest.raises(Stopped), open_results(sweep, programs, tmp_path) as output:
        train_programs(programs, output)
    assert rows(tmp_path) < 3
