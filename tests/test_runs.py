"""The runs axis: what a run gives does not depend on its company."""

import logging
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick

from jnl import runs
from jnl.epoch import start, train_epoch
from jnl.errors import UserError
from jnl.experiment import run
from jnl.parts import build

TWO_EPOCHS = {"epochs": 2}


def programs(config):
    parts = build(config)
    return parts, runs.program(parts.recipe, parts.dataset, runs.stack(parts.runs), parts.axis)


@pytest.mark.parametrize("strategy", ["standard", "jocor"])
def test_a_run_alone_starts_with_the_same_bits_as_among_others(strategy):
    parts, among = programs(quick(strategy, seeds=(3, 7, 11), noise__seed="per_run"))
    for position, seed in enumerate((3, 7, 11)):
        solo_parts, alone = programs(quick(strategy, seeds=(seed,), noise__seed="per_run"))
        np.testing.assert_array_equal(parts.runs[position].labels, solo_parts.runs[0].labels)
        for mine, theirs in zip(jax.tree.leaves(alone.state), jax.tree.leaves(among.state), strict=True):
            np.testing.assert_array_equal(mine[0], theirs[position])


def orders(parts, monkeypatch):
    """The data order of epoch 1 of each run, as the training sees it."""
    seen = []
    original = jax.random.permutation

    def spy(key, index):
        order = original(key, index)
        jax.debug.callback(lambda value: seen.append(np.asarray(value)), order, ordered=True)
        return order

    monkeypatch.setattr("jnl.epoch.jax.random.permutation", spy)
    for one in parts.runs:
        train_epoch(parts.recipe, parts.dataset.train, one, start(parts.recipe, parts.dataset.train, one), jnp.int32(1))
    jax.effects_barrier()
    return seen


def test_the_data_order_belongs_to_the_seed(monkeypatch):
    first, second = orders(build(quick(seeds=(3, 7))), monkeypatch)
    (alone,) = orders(build(quick(seeds=(7,))), monkeypatch)
    np.testing.assert_array_equal(second, alone)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.arange(1442))


@pytest.mark.parametrize("strategy", ["coteaching", "jocor"])
def test_vmap_map_and_alone_give_the_same_curves(strategy):
    among = {axis: run(quick(strategy, seeds=(3, 7), runs_axis=axis, **TWO_EPOCHS)).metrics for axis in ("vmap", "map")}
    alone = run(quick(strategy, seeds=(7,), **TWO_EPOCHS)).metrics
    for metrics in among.values():
        for name, curve in metrics.items():
            # One example of 355 may change sides where sums are reordered.
            np.testing.assert_allclose(curve[1], alone[name][0], atol=0.01, err_msg=name)


def test_map_gives_the_bits_of_a_run_alone():
    among = run(quick(seeds=(3, 7), runs_axis="map", **TWO_EPOCHS)).metrics
    alone = run(quick(seeds=(7,), runs_axis="map", **TWO_EPOCHS)).metrics
    for name, curve in among.items():
        np.testing.assert_array_equal(curve[1], alone[name][0], err_msg=name)


def test_different_seeds_give_different_curves(jocor_history):
    first, second = jocor_history.metrics["train_loss"]
    assert not np.isclose(first, second, rtol=1e-6).any()


def test_the_networks_of_a_run_start_apart(jocor_history):
    first, second = jax.tree.leaves(jocor_history.state.params)[0][0]
    assert not np.allclose(first, second)


@pytest.mark.parametrize("axis", ["vmap", "map"])
def test_the_training_epoch_compiles_once(axis, caplog):
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        history = run(quick("coteaching_plus", strategy__warmup_epochs=1, runs_axis=axis, epochs=4))
    compiled = [record.getMessage() for record in caplog.records if "Finished XLA compilation" in record.getMessage()]
    assert sum("training_epoch" in message for message in compiled) == 1 == history.summary["compilations"]
    assert caplog.records  # the log says something at all


def test_data_are_on_the_device_once_whatever_the_number_of_runs():
    parts = build(quick(seeds=4))
    stacked = runs.stack(parts.runs)
    assert parts.dataset.train.inputs.dtype == jnp.uint8
    assert stacked.labels.shape == (4, 1442)
    assert not any(leaf.ndim > 3 for leaf in jax.tree.leaves(stacked))  # no images among what is per run


def test_hyper_values_of_runs_may_differ():
    parts = build(quick(seeds=2))
    different = [
        one._replace(hyper={"co_lambda": jnp.float32(value)}) for one, value in zip(parts.runs, (0.0, 0.9), strict=True)
    ]
    program = runs.program(parts.recipe, parts.dataset, runs.stack(different), "vmap")
    _, measured = program.advance(program.state, 0)
    assert measured["train_loss"][0] > 2 * measured["train_loss"][1]


def test_batch_statistics_see_the_whole_batch_selected_or_not():
    strategy = build(quick("small_loss", strategy__forget_rate=0.9, strategy__ramp_epochs=1, epochs=1))
    assert int(strategy.runs[0].keep[0, -1]) == 128  # paper schedule: epoch 0 forgets nothing

    def statistics(forget):
        config = quick("small_loss", strategy__forget_rate=forget, strategy__ramp_epochs=1, epochs=2, seeds=(1,))
        config.model.name, config.batch_size, config.protocol.max_steps = "cnn7", 16, 1
        parts = build(config)
        state = start(parts.recipe, parts.dataset.train, parts.runs[0])
        epoch = partial(train_epoch, parts.recipe, parts.dataset.train, parts.runs[0])
        return jax.jit(epoch)(state, jnp.int32(1))[0].batch_stats

    for all_kept, few_kept in zip(*map(jax.tree.leaves, (statistics(0.0), statistics(0.75))), strict=True):
        np.testing.assert_array_equal(all_kept, few_kept)


def test_unknown_axis_is_told():
    with pytest.raises(UserError, match="did you mean 'vmap'"):
        runs.choose_axis("vmapp")
