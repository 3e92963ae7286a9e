"""What a training writes of the labels that its strategy takes for wrong."""

import csv
import shutil

import numpy as np
import pytest
from conftest import ROOT, quick, slow_but
from helpers import synthetic
from helpers.faults import rows, stop_when
from sklearn.datasets import load_digits

import jnl
from jnl import cli, strategies
from jnl.experiment.build import build
from jnl.experiment.result_sink import open_results
from jnl.experiment.run import train as train_programs
from jnl.support.signals import Stopped

COUNTED = ["index", "given", "times_seen", "times_left_out", "share_left_out"]
# Of each strategy that takes labels for wrong: hyperparameters with which a short training does, the columns of its
# file, and how many of the listed labels are wrong at least, where 40 % of all are.
EVERY = {
    "confident_filter": ({"folds": 3, "fold_epochs": 10}, ["index", "given", "suggested", "probability"], 0.9),
    "cores2": ({"wait_epochs": 0, "rise_epochs": 1, "sieve_from": 8, "beta": 1.0}, COUNTED, 0.8),
    "coteaching": ({"ramp_epochs": 8}, COUNTED, 0.8),
    "coteaching_plus": ({"ramp_epochs": 4}, COUNTED, 0.7),
    "dividemix": ({"warmup_epochs": 4}, ["index", "given", "probability"], 0.8),
    "gce": ({"truncated": True, "prune_from": 12, "prune_every": 1}, COUNTED, 0.75),
    "jocor": ({"ramp_epochs": 8}, COUNTED, 0.7),
    "mentornet": ({"burn_in": 30, "percentile": 0.6}, COUNTED, 0.8),
    "small_loss": ({"ramp_epochs": 8}, COUNTED, 0.8),
}


def config(name, **fields):
    hyper = {f"strategy__{hyper}": value for hyper, value in EVERY[name][0].items()}
    fields = {"epochs": 25, "noise__rate": 0.4, "data__validation": 0.2, "protocol__max_steps": 0, **hyper, **fields}
    return quick(name, **fields)


def read(workdir, run=0):
    """The header and the rows of a file."""
    with (workdir / "left_out" / f"run-{run}.csv").open(newline="") as file:
        return next(reader := csv.reader(file)), list(reader)


def files(workdir):
    """All of them: name -> bytes."""
    return {path.name: path.read_bytes() for path in (workdir / "left_out").iterdir()}


def test_every_strategy_that_takes_labels_for_wrong_is_here():
    takes = {name for name in strategies.names() if strategies.make(name).suspects}
    # gce leaves out labels only if it is truncated
    assert takes | {"gce"} == EVERY.keys(), "add the method to EVERY, with a short training that finds wrong labels"


@pytest.mark.parametrize("name", slow_but("small_loss", EVERY))
def test_most_of_the_listed_labels_are_wrong(name, tmp_path):
    _, columns, least = EVERY[name]
    asked = config(name)
    summary = jnl.run(asked, tmp_path).summary
    (program_spec,) = build(asked)
    assert sorted(files(tmp_path)) == ["run-0.csv", "run-1.csv"]
    for number, run in enumerate(program_spec.runs):
        header, found = read(tmp_path, number)
        index, labels = np.array([int(row[0]) for row in found]), np.asarray(run.labels)
        assert header == columns
        assert summary["points"][0]["left_out"][number] == len(found) > 20
        assert (np.diff(index) > 0).all()
        assert not set(index) & set(np.asarray(run.validation_index).tolist())
        assert [row[1] for row in found] == [str(label) for label in labels[index]]
        truth = np.asarray(program_spec.dataset.train.clean)[index]
        assert (truth != labels[index]).mean() > least
        if "suggested" in header:
            suggested = np.array([int(row[2]) for row in found])
            assert (suggested != labels[index]).all()
            assert (suggested == truth).mean() > 0.8
        if "probability" in header:
            assert all(0.5 <= float(row[-1]) <= 1 for row in found)
        else:
            times = np.array([[float(number) for number in row[2:]] for row in found])
            np.testing.assert_allclose(times[:, 2], times[:, 1] / times[:, 0], atol=1e-6)
            assert (times[:, 2] > 0.5).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["standard", "decoupling", "oracle"])
def test_other_strategies_write_nothing(name, tmp_path):
    """Two networks that agree on a label, and an upper bound that knows the truth, say nothing of it."""
    summary = jnl.run(quick(name), tmp_path).summary
    assert summary["points"][0]["left_out"] is None
    assert not (tmp_path / "left_out").exists()


@pytest.mark.parametrize(("asked", "steps", "networks"), [(quick("small_loss"), 11, 1), (config("coteaching"), 9, 2)])
@pytest.mark.slow
def test_the_last_ten_epochs_count(asked, steps, networks):
    """Each network chooses about every example of a batch, 128 of them, and leaves out what it does not select."""
    history, counted = jnl.run(asked), min(asked.epochs, 10)
    times = history.state.suspicion["times"]  # [S, N, 2]
    assert times[..., 0].max() == networks * counted
    assert (times[..., 0].sum(1) == networks * counted * steps * 128).all()
    left_out = 1 - history.metrics["selected_fraction"][:, -counted:]
    np.testing.assert_allclose(times[..., 1].sum(1), networks * steps * 128 * left_out.sum(1), rtol=1e-5)


class TestStopped:
    """Stopped and taken up again, the same bytes."""

    @pytest.mark.parametrize("name", ["coteaching", "confident_filter"])
    @pytest.mark.slow
    def test_the_files_are_those_of_a_training_that_never_was(self, name, tmp_path, capsys):
        asked, stopped = config(name, checkpoint__every_epochs=1), tmp_path / "stopped"
        jnl.run(asked, tmp_path / "unbroken")
        stop_when(lambda: rows(stopped) >= 12)
        with pytest.raises(Stopped):
            jnl.run(asked, stopped)
        assert not (stopped / "left_out").exists()
        jnl.run(asked, stopped)
        assert "continues after" in capsys.readouterr().err
        assert files(stopped) == files(tmp_path / "unbroken")
        # As of a process that is killed when all is trained and saved, but not yet written.
        (stopped / "summary.json").unlink()
        shutil.rmtree(stopped / "left_out")
        shutil.rmtree(stopped / "checkpoints" / "0-folds", ignore_errors=True)
        jnl.run(asked, stopped)
        assert files(stopped) == files(tmp_path / "unbroken")

    @pytest.mark.slow
    def test_those_of_programs_that_are_over_are_there_while_others_train(self, tmp_path):
        sweep = quick("standard", epochs=3)
        sweep.sweep = (("strategy.name", ("coteaching", "standard", "small_loss")), ("seeds", 2))
        programs = build(sweep)
        stop_when(lambda: rows(tmp_path) >= 7)
        with pytest.raises(Stopped), open_results(sweep, programs, tmp_path) as output:
            train_programs(programs, output)
        assert sorted(files(tmp_path)) == ["run-0.csv", "run-1.csv"]
        with open_results(sweep, programs, tmp_path) as output:
            train_programs(programs, output)
        assert sorted(files(tmp_path)) == [f"run-{run}.csv" for run in (0, 1, 4, 5)]


def command(workdir, *options):
    """The command."""
    return ["train", f"--config={ROOT}/configs/small_loss.py:quick", f"--workdir={workdir}", *options]


class TestTold:
    """The command says where the files are."""

    @pytest.mark.slow
    def test_how_many_and_where(self, tmp_path, capsys):
        options = ["--config.strategy.ramp_epochs=1", "--config.strategy.forget_rate=0.4"]
        assert cli.main(command(tmp_path, *options)) == 0
        few, many = sorted(len(read(tmp_path, run)[1]) for run in (0, 1))
        assert 0 < few < many
        line = f"labels taken for wrong: {few} to {many} in each of 2 runs, listed in {tmp_path}/left_out"
        assert capsys.readouterr().out.splitlines()[-1] == line
        assert cli.main(command(tmp_path, *options)) == 0  # of what is finished
        assert capsys.readouterr().out.splitlines()[-1] == line

    @pytest.mark.slow
    def test_runs_that_have_failed_list_none(self, tmp_path, capsys):
        rates = '--config.sweep=(("optim.learning_rate", (1e38, 1e-3)), ("seeds", (3, 4)))'
        assert cli.main(command(tmp_path, rates)) == 0
        assert sorted(files(tmp_path)) == ["run-2.csv", "run-3.csv"]
        line = capsys.readouterr().out.splitlines()[-1]
        none = "there is no list for the runs [0, 1], because they failed"
        assert line.endswith(f"in each of 2 runs, listed in {tmp_path}/left_out; {none}")

    def test_all_have_failed(self, tmp_path, capsys):
        assert cli.main(command(tmp_path, "--config.optim.learning_rate=1e38")) == 1
        line = "labels taken for wrong: there is no list for the runs [0, 1], because they failed"
        assert capsys.readouterr().out.splitlines()[-1] == line
        assert not (tmp_path / "left_out").exists()


def digits():
    """Images u8[N, 8, 8], their true labels, and labels of which 30 % are wrong."""
    images, truth = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    labels = np.where(random.random(len(truth)) < 0.3, (truth + random.integers(1, 10, len(truth))) % 10, truth)
    return (images * 15).astype(np.uint8).reshape(-1, 8, 8), truth, labels


class TestOwnData:
    """The files of the user's own data name what the user knows."""

    def listed(self, path, workdir, name="small_loss", **fields):
        asked = config(name, data__name=path[0], data__dir=str(path[1]), seeds=1, **fields)
        asked.noise.kind, asked.noise.rate = "none", 0.3
        jnl.run(asked, workdir)
        return read(workdir)

    @pytest.mark.slow
    def test_files_of_images_are_named(self, own):
        images, truth, labels = digits()
        for row in range(800):
            synthetic.save(own / "mine" / f"digit {labels[row]}" / "deep" / f"{row}.png", images[row])
        header, found = self.listed(("folder", own / "mine"), own / "run", batch_size=32)
        assert header == ["index", "file", *COUNTED[1:]]
        wrong = []
        for _, file, given, *_ in found:
            assert (own / "mine" / file).is_file() and file.startswith(f"{given}/deep/")
            row = int(file.removesuffix(".png").rpartition("/")[2])
            wrong.append(truth[row] != labels[row])
        assert len(wrong) > 100 and np.mean(wrong) > 0.8

    @pytest.mark.slow
    def test_rows_of_a_table_are_named_and_the_truth_is_not_read(self, own):
        images, truth, labels = digits()
        table = np.column_stack([images.reshape(len(images), 64), labels, truth])
        names = ",".join([*(f"pixel{number}" for number in range(64)), "label", "true"])
        np.savetxt(own / "mine.csv", table, "%d", ",", header=names, comments="")
        np.savetxt(own / "other.csv", np.delete(table, -1, 1), "%d", ",", header=names[:-5], comments="")
        known = self.listed(("table", own / "mine.csv"), own / "known", "confident_filter", data__truth="true")
        header, found = self.listed(("table", own / "other.csv"), own / "unknown", "confident_filter")
        assert header == ["index", "file", "given", "suggested", "probability"]
        assert [row[1] for row in found] == [f"other.csv row {row[0]}" for row in found]
        index = [int(row[0]) for row in found]
        assert len(index) > 300 and (truth != labels)[index].mean() > 0.8
        assert [row[:1] + row[2:] for row in known[1]] == [row[:1] + row[2:] for row in found]
