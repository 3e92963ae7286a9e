"""A training that is killed at any moment, even inside a save, ends with the bits of one that never was."""

import io
import os
import shutil
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from conftest import ROOT
from helpers.faults import finish, killed, left_behind, newest, saved

import jnl
from jnl import strategies
from jnl.cli._flags import parse

EPOCHS, SEGMENTS = 4, 2  # in each epoch
SMALL = [
    f"--config.epochs={EPOCHS}", "--config.protocol.max_steps=4", "--config.checkpoint.segment=2",
    "--config.batch_size=64",
]  # fmt: skip
# Dropout, augmentation, examples held out.
SHORT = [
    *SMALL, "--config.model.dropout=0.3", "--config.augment.pad=1", "--config.noise.seed=per_run",
    "--config.data.validation=0.1",
]  # fmt: skip
OFTEN = ["--config.checkpoint.every_minutes=1e-6"]  # a save after every segment


def in_this_process(workdir, config, *options):
    """-> what it says."""
    asked, _ = parse([f"--config={ROOT}/{config}", *options])
    with redirect_stderr(io.StringIO()) as said:
        jnl.run(asked, workdir)
    return said.getvalue()


def in_its_own(workdir, config, *options):
    """As users start it, so without the quick compiler of the tests. -> what it says."""
    code, out, error = finish(workdir, config, *options, XLA_FLAGS="")
    assert code == 0, error
    assert "last 10" in out
    return error


def same(broken, unbroken):
    """Equal to the bit, and no run has failed; how many bytes were compared."""
    (arrays, records), (expected, wanted) = left_behind(broken), left_behind(unbroken)
    assert arrays.keys() == expected.keys()
    for name, array in arrays.items():
        assert array.tobytes() == expected[name].tobytes(), name
    assert records == wanted
    assert not any(point["failed_runs"] for point in records["summary.json"]["points"])
    return sum(array.nbytes for array in arrays.values())


def killed_and_resumed(tmp_path, places, config, *options, train=in_this_process):
    """Kills a training at each place, then lets it finish; the other one is not saved before its end.

    Returns how many bytes were compared.
    """
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    train(unbroken, config, *SHORT, *options)
    compiler = os.environ["XLA_FLAGS"] if train is in_this_process else ""
    for place in places:
        killed(place, broken, config, *SHORT, *OFTEN, *options, XLA_FLAGS=compiler)
        assert 0 < saved(broken / "checkpoints" / "0")[-1] < EPOCHS * SEGMENTS
    assert "continues after" in train(broken, config, *SHORT, *OFTEN, *options)
    return same(broken, unbroken)


WHILE_WRITTEN = "open */4.part*"  # The first file of the checkpoint is not yet open.
NOT_COMPLETE = "open */6.part/files.json"  # The checkpoint lacks its last file.
NOT_NAMED = "os.rename */6.part"  # The checkpoint is complete, but still has its temporary name.
NOT_SETTLED = "os.rename */.metrics.jsonl.part"  # The resumed process has not yet replaced the old rows.


@pytest.mark.parametrize(
    ("strategy", "axis", "places"),
    [
        pytest.param("jocor", "map", [NOT_COMPLETE], id="jocor"),
        pytest.param("dividemix", "vmap", [NOT_NAMED, NOT_SETTLED], id="dividemix-vmap", marks=pytest.mark.slow),
    ],
)
def test_killed_and_resumed_gives_the_same_bits(strategy, axis, places, tmp_path):
    killed_and_resumed(tmp_path, places, f"configs/{strategy}.py:quick,model=mlp", f"--config.runs_axis={axis}")


@pytest.mark.slow
def test_a_network_with_statistics_killed_and_resumed(tmp_path):
    """Batch norm and dropout, with the compiler flags of users."""
    options = ["configs/jocor.py:quick,model=tests.helpers.of_others:WithStatistics", "--config.runs_axis=map"]
    assert killed_and_resumed(tmp_path, [WHILE_WRITTEN], *options, train=in_its_own) > 2**20


MORE = {"gce": {"truncated": True, "prune_every": 1}, "dividemix": {"average_epochs": 2}}  # what the defaults leave out


def brief(strategy):
    """Options with which a method is through its phases before the middle epoch."""
    config, _ = parse([f"--config={ROOT}/configs/{strategy}.py:quick"])
    short = {name: 1 for name in config.strategy if name.endswith(("_epochs", "_from"))}
    return [f"--config.strategy.{name}={value}" for name, value in (short | MORE.get(strategy, {})).items()]


def as_killed(finished: Path, broken: Path, program: str) -> list[int]:
    """Copies a training as SIGKILL leaves it after the first segment of the middle epoch of a program.

    No save changes an earlier one, so this is the finished training without what it wrote later. Only the checkpoint of
    this segment stays: a training that begins again instead would save the earlier ones.

    Returns:
      The numbers of the later checkpoints.
    """
    shutil.copytree(finished, broken)
    folder, rows = broken / "checkpoints" / program, (finished / "metrics.jsonl").read_bytes()
    numbers = saved(folder)
    kept = numbers[-1] // SEGMENTS // 2 * SEGMENTS + 1
    for number in numbers:
        if number != kept:
            shutil.rmtree(folder / str(number))
    assert newest(folder).record["segment"] == 1
    (broken / "metrics.jsonl").write_bytes(rows[: len(rows) * 2 // 3])  # more than it saved, and not the whole last one
    if program != "0":  # it precedes the training, which has nothing yet
        shutil.rmtree(broken / "checkpoints" / "0")
        (broken / "metrics.jsonl").write_bytes(b"")
    (broken / "summary.json").unlink()
    shutil.rmtree(broken / "left_out", ignore_errors=True)
    return [number for number in numbers if number > kept]


def test_segments_do_not_make_saves_more_frequent(tmp_path):
    asked = ["--config.checkpoint.every_epochs=2", "--config.checkpoint.keep=99"]
    in_this_process(tmp_path, "configs/standard.py:quick,model=mlp", *SMALL, *asked)
    assert saved(tmp_path / "checkpoints" / "0") == [2 * SEGMENTS, EPOCHS * SEGMENTS]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", strategies.names())
def test_every_strategy_goes_on_within_an_epoch(strategy, tmp_path):
    """So do the folds of a cross-validation before a training. This also trains the quick mode of each config."""
    unbroken, config = tmp_path / "unbroken", f"configs/{strategy}.py:quick,model=mlp"
    options = [*SMALL, *OFTEN, *brief(strategy), "--config.checkpoint.keep=99", "--config.runs_axis=map"]
    in_this_process(unbroken, config, *options)
    for program in sorted(path.name for path in (unbroken / "checkpoints").iterdir()):
        broken = tmp_path / f"killed in {program}"
        later = as_killed(unbroken, broken, program)
        in_this_process(broken, config, *options)
        assert saved(broken / "checkpoints" / program)[1:] == later
        same(broken, unbroken)
