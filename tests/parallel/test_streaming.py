"""Inputs that stay on the host: the same bits as on the device, wherever an epoch is cut, if runs go one by one."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest
from conftest import ROOT, quick
from hypothesis import given
from hypothesis import strategies as st

import jnl
from jnl.experiment import fold_predictions
from jnl.experiment.build import build
from jnl.experiment.run import run
from jnl.parallel import devices, host_feed
from jnl.support.errors import UserError


def same(one, other):
    for name, curve in one.metrics.items():
        np.testing.assert_array_equal(curve, other.metrics[name], err_msg=name)
    for mine, theirs in zip(*map(jax.tree.leaves, (one.state, other.state)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


SMALL = 2 * 128 * 64 * 7  # bytes of 7 steps of two runs
DEEP = [("jocor", 2**26), ("elr", SMALL), ("mixup", SMALL)]  # in one segment; with a memory; with a step of its own


@pytest.mark.parametrize(
    ("strategy", "size"), [("jocor", SMALL), *(pytest.param(*case, marks=pytest.mark.slow) for case in DEEP)]
)
def test_streamed_and_resident_give_the_same_bits(strategy, size, monkeypatch):
    fields = {"runs_axis": "map", "epochs": 2, "noise__seed": "per_run", "data__validation": 0.1}
    resident = run(quick(strategy, data__stream="never", **fields))
    monkeypatch.setattr(host_feed, "BYTES", size)
    same(run(quick(strategy, data__stream="always", **fields)), resident)


@pytest.mark.slow
def test_runs_side_by_side_stream_too():
    """Whose programs the compiler fuses in other ways, so that the last bits differ."""
    fields = {"runs_axis": "vmap", "epochs": 2, "noise__seed": "per_run", "data__validation": 0.1}
    resident, streamed = (run(quick("elr_plus", data__stream=stream, **fields)) for stream in ("never", "always"))
    for one, other in zip(*map(jax.tree.leaves, (streamed[:3:2], resident[:3:2])), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


STATISTICS_AND_DROPOUT = """
config = get_config("small_loss", "quick,model=tests.helpers.of_others:WithStatistics")
config.batch_size, config.protocol.max_steps = 64, 7
config.model.dropout, config.data.validation = 0.3, 0.1
config.augment.update(pad=1, flip=True)
"""
CHUNKS_OF_RUNS = """
config = get_config("jocor", "quick")
config.epochs, config.seeds, config.runs_at_once = 2, 3, 2
config.data.validation, config.noise.seed = 0.3, "per_run"  # each run holds out others
"""
STREAMED_AND_RESIDENT = """
import jax, numpy as np
from jnl.settings.published import get_config
from jnl.parallel import host_feed
from jnl.experiment.run import run
{config}
config.runs_axis, config.data.stream = "map", "never"
resident = run(config)
config.data.stream = "always"
host_feed.BYTES = 64 * 64 * 2  # in several segments
streamed = run(config)
for one, other in zip(*map(jax.tree.leaves, (streamed[:3:2], resident[:3:2])), strict=True):
    np.testing.assert_array_equal(one, other)
"""


@pytest.mark.slow
@pytest.mark.parametrize("config", [STATISTICS_AND_DROPOUT, CHUNKS_OF_RUNS])
def test_streaming_gives_the_same_bits_with_the_compiler_of_users(config):
    """The quick compiler of the tests may fuse a sum in another way in each program, so that its last bit differs."""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    line = [sys.executable, "-c", STREAMED_AND_RESIDENT.format(config=config)]
    done = subprocess.run(line, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_folds_whose_inputs_stream_are_predicted_like_others(monkeypatch):
    """In several pieces of the inputs, whose last is shorter."""
    dataset, plan = jnl.data.load("digits"), fold_predictions.Plan(folds=3, epochs=2)
    resident = fold_predictions.train(dataset, "coteaching", 0.2, plan).last
    monkeypatch.setattr(devices, "memory", lambda: dataset.train.inputs.nbytes)
    monkeypatch.setattr("jnl.parallel.multi_run.BYTES", dataset.train.inputs.nbytes // 5)
    streamed = fold_predictions.train(dataset, "coteaching", 0.2, plan).last
    np.testing.assert_allclose(streamed, resident, atol=1e-4)


def test_what_is_too_large_streams_by_itself(monkeypatch):
    (program_spec,) = build(quick())
    assert not program_spec.train_spec.streams
    monkeypatch.setattr(devices, "memory", lambda: program_spec.dataset.train.inputs.nbytes)
    (program_spec,) = build(quick())
    assert program_spec.train_spec.streams


@pytest.mark.parametrize("strategy", ["cores2", "iterative_open_set", "dividemix", "confident_filter"])
def test_a_strategy_that_looks_at_everything_is_told(strategy):
    with pytest.raises(UserError, match="data.stream"):
        build(quick(strategy, data__stream="always", epochs=20))


@given(st.integers(1, 300), st.integers(1, 400))
def test_pieces_are_the_whole_in_order_and_of_two_lengths(steps, number):
    segments = host_feed.cut(steps, number)
    np.testing.assert_array_equal(np.concatenate([np.arange(steps)[segment] for segment in segments]), np.arange(steps))
    lengths = {segment.stop - segment.start for segment in segments}
    assert max(lengths) - min(lengths) <= 1
    assert len(segments) == number or (len(segments) < number and min(lengths) < 4)
    assert min(lengths) >= min(2, steps)


def test_a_stream_begins_anywhere(tmp_path):
    inputs = np.random.default_rng(0).integers(0, 256, (50, 4, 4, 1)).astype(np.uint8)
    np.save(tmp_path / "inputs.npy", inputs)
    mapped = np.load(tmp_path / "inputs.npy", mmap_mode="r")
    index = np.random.default_rng(1).integers(0, 50, (2, 9, 8))
    segments = [slice(0, 4), slice(4, 7), slice(7, 9)]
    for first in range(3):
        fed = np.concatenate(list(host_feed.feed(mapped, index, segments[first:])), 1)
        np.testing.assert_array_equal(fed, inputs[index[:, segments[first].start :]])
