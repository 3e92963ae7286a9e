"""What TensorBoard and Weights & Biases get is what `metrics.jsonl` holds."""

import json
import lzma
import struct
import subprocess
import sys

import pytest
from conftest import ROOT, quick

from jnl import cli
from jnl.experiment.run import run
from jnl.results import scalars
from jnl.support.errors import UserError

ROWS = [
    {
        "epoch": epoch,
        "run": run,
        "seed": run + 1,
        "noise_seed": 0,
        "noise.rate": 0.5,
        "batch_size": 64,
        "precision": "float32",
        "test_accuracy": [0.5 + 0.25 * run, 0.125 * epoch],
        "class_accuracy": [[0.0, 1.0], [None, 0.5]],
        "train_loss": 1.0 / (1 + epoch),
        "divergence": None,
        "failed": False,
    }
    for epoch in (1, 2)
    for run in (0, 1)
]
EXPECTED = {  # of run 1, epoch 2
    "test_accuracy/network_1": 0.75,
    "test_accuracy/network_2": 0.25,
    "class_accuracy/network_1/class_0": 0.0,
    "class_accuracy/network_1/class_1": 1.0,
    "class_accuracy/network_2/class_1": 0.5,
    "train_loss": 1 / 3,
}


@pytest.fixture
def workdir(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"config": {"epochs": 2}}))
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS) + '{"epoch": 3, "ru')
    return tmp_path


def test_rows_become_numbers_by_run_and_epoch(workdir):
    first, second = scalars.read(workdir)
    assert (first.number, second.number) == (0, 1)
    assert second.about == {"seed": 2, "noise_seed": 0, "noise.rate": 0.5, "batch_size": 64, "precision": "float32"}
    assert list(second.epochs) == [1, 2] and second.epochs[2] == EXPECTED


def test_packed_rows_are_the_same_rows(workdir):
    plain = scalars.read(workdir)
    rows = workdir / "metrics.jsonl"
    packed = workdir / "metrics.jsonl.xz"
    packed.write_bytes(lzma.compress(rows.read_bytes()))
    rows.unlink()
    assert scalars.read(workdir) == plain
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"cannot read .*metrics.jsonl.xz"):
        scalars.read(workdir)


def test_what_is_no_workdir_is_told(tmp_path, capsys):
    with pytest.raises(UserError, match="give the folder of a training"):
        scalars.read(tmp_path)
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match=r"line 1 .* is not a row"):
        scalars.read(tmp_path)
    (tmp_path / "metrics.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot read"):
        scalars.read(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        cli.main(["tensorboard"])
    assert "usage: jnl tensorboard" in capsys.readouterr().err


def events(folder):
    """epoch -> tag -> value, from the one event file of a run: records of length, checksum, content, checksum."""
    from tensorboardX.proto import event_pb2

    (file,) = folder.glob("events.out.tfevents.*")
    content, found, at = file.read_bytes(), {}, 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        event = event_pb2.Event.FromString(content[at + 12 : at + 12 + length])
        for value in event.summary.value:
            found.setdefault(event.step, {})[value.tag] = value.simple_value
        at += length + 16
    return found


def test_tensorboard_reads_what_metrics_hold(workdir, capsys):
    pytest.importorskip("tensorboardX")
    for _ in range(2):  # again: in place of the first
        assert cli.main(["tensorboard", str(workdir)]) == 0
    folder = workdir / "tensorboard"
    assert str(folder) in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["run-0", "run-1"]
    for one in scalars.read(workdir):
        found = events(folder / f"run-{one.number}")
        assert found.keys() == one.epochs.keys()
        for epoch, values in one.epochs.items():
            assert found[epoch] == pytest.approx(values)


@pytest.mark.slow
def test_a_training_writes_its_events(tmp_path):
    pytest.importorskip("tensorboardX")
    for _ in range(2):  # again: it tells what it has saved, in place of the first
        run(quick("standard", epochs=2, tensorboard=True), tmp_path)
    for one in scalars.read(tmp_path):
        found = events(tmp_path / "tensorboard" / f"run-{one.number}")
        assert list(found) == [0, 1]
        for epoch, values in one.epochs.items():
            assert found[epoch] == pytest.approx(values)


def test_a_full_disk_is_told(monkeypatch, workdir, capsys):
    """A run's file is /dev/full, where every write fails as on a full disk."""
    pytest.importorskip("tensorboardX")
    from tensorboardX import record_writer

    monkeypatch.setattr(record_writer, "open_file", lambda path: open("/dev/full", "wb"))
    assert cli.main(["tensorboard", str(workdir)]) == 2
    error = capsys.readouterr().err
    assert "cannot write" in error and "No space left" in error and error.count("\n") == 1


def test_events_want_a_workdir():
    with pytest.raises(UserError, match=r"config.tensorboard: .* give --workdir"):
        run(quick(tensorboard=True))


def test_wandb_writes_offline(workdir, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    assert cli.main(["wandb", str(workdir), "--offline"]) == 0
    assert len(list(workdir.glob("wandb/offline-run-*/*.wandb"))) == 2


def test_wandb_without_a_key_is_one_line(workdir, monkeypatch, capsys):
    wandb = pytest.importorskip("wandb")

    def init(**options):
        raise wandb.errors.UsageError("No API key configured. Use `wandb login` to log in.")

    monkeypatch.setattr(wandb, "init", init)
    assert cli.main(["wandb", str(workdir)]) == 2
    assert "wandb: No API key configured" in capsys.readouterr().err


@pytest.mark.parametrize("subcommand, package", [("tensorboard", "tensorboardX"), ("wandb", "wandb")])
def test_a_package_that_is_not_there_is_named(subcommand, package, workdir, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, package, None)  # as Python has it where an import is to fail
    assert cli.main([subcommand, str(workdir)]) == 2
    assert f"pip install {package}" in capsys.readouterr().err


def test_a_training_names_it_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(UserError, match="pip install tensorboardX"):
        run(quick(tensorboard=True), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_neither_is_imported_unless_asked():
    modules = "jnl.results.tensorboard, jnl.results.wandb_export"
    code = f"import sys, {modules}; print({{'tensorboardX', 'wandb'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
