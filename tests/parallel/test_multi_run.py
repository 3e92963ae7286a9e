"""The runs axis: what a run gives does not depend on its company."""

import logging
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick, slow_but
from helpers.of_others import WithStatistics

from jnl.experiment.build import build
from jnl.experiment.run import run
from jnl.models import wrap
from jnl.parallel import multi_run
from jnl.parallel.layout import choose
from jnl.support.errors import UserError
from jnl.training.epoch import train_epoch
from jnl.training.single_run import init_state

TWO_EPOCHS = {"epochs": 2}


def programs(config, **options):
    (program_spec,) = build(config)
    return program_spec, multi_run.MultiRunProgram(
        program_spec.train_spec, program_spec.dataset, program_spec.runs, program_spec.layout, **options
    )


@pytest.mark.slow
def test_a_run_alone_starts_with_the_same_bits_as_among_others():
    program_spec, among = programs(quick(seeds=(3, 7, 11), noise__seed="per_run"))
    for position, seed in enumerate((3, 7, 11)):
        solo_parts, alone = programs(quick(seeds=(seed,), noise__seed="per_run"))
        np.testing.assert_array_equal(program_spec.runs[position].labels, solo_parts.runs[0].labels)
        for mine, theirs in zip(*map(jax.tree.leaves, (alone.start(0).chunks, among.start(0).chunks)), strict=True):
            np.testing.assert_array_equal(mine[0], theirs[position])


def trained(program_spec):
    """The state of each run after epoch 1, its first."""
    work = program_spec.train_spec, jax.tree.map(jnp.asarray, program_spec.dataset.train)
    train = jax.jit(lambda one: train_epoch(*work, one, init_state(*work, one), jnp.int32(1))[0])
    return [train(one) for one in program_spec.runs]


def orders(program_spec, monkeypatch):
    """The data order of epoch 1 of each run, as the training sees it."""
    seen = []
    original = jax.random.permutation

    def spy(key, index):
        order = original(key, index)
        jax.debug.callback(lambda value: seen.append(np.asarray(value)), order, ordered=True)
        return order

    monkeypatch.setattr("jnl.training.epoch.jax.random.permutation", spy)
    trained(program_spec)
    jax.effects_barrier()
    return seen


@pytest.mark.slow
def test_the_data_order_belongs_to_the_seed(monkeypatch):
    first, second = orders(*build(quick(seeds=(3, 7))), monkeypatch)
    (alone,) = orders(*build(quick(seeds=(7,))), monkeypatch)
    np.testing.assert_array_equal(second, alone)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.arange(1442))


@pytest.mark.slow
def test_vmap_map_and_alone_give_the_same_curves():
    among = {axis: run(quick(seeds=(3, 7), runs_axis=axis, **TWO_EPOCHS)).metrics for axis in ("vmap", "map")}
    alone = run(quick(seeds=(7,), **TWO_EPOCHS)).metrics
    for metrics in among.values():
        for name, curve in metrics.items():
            # One example of 355 may change sides where sums are reordered.
            np.testing.assert_allclose(curve[1], alone[name][0], atol=0.01, err_msg=name)


@pytest.mark.slow
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


@pytest.mark.parametrize("axis", slow_but("vmap", ["vmap", "map"]))
def test_the_training_epoch_compiles_once(axis, caplog):
    jax.config.update("jax_log_compiles", True)  # in all threads, as its context is not
    try:
        with caplog.at_level(logging.WARNING):
            config = quick("coteaching_plus", strategy__warmup_epochs=1, runs_axis=axis, epochs=4, batch_size=96)
            history = run(config)
            config.seeds = (5, 6)
            run(config)
    finally:
        jax.config.update("jax_log_compiles", False)
    compiled = [record.getMessage() for record in caplog.records if "Finished XLA compilation" in record.getMessage()]
    assert sum("training_epoch" in message for message in compiled) == 1 == history.summary["compilations"]
    assert caplog.records  # the log says something at all


def test_code_of_others_is_compiled_in_each_call():
    network = WithStatistics(num_classes=10)
    (own,), (other,) = build(quick()), build(quick(), network=wrap(network))
    assert (own.train_spec.only_jnl_code, other.train_spec.only_jnl_code) == (True, False)


@pytest.mark.slow
def test_data_are_on_the_device_once_whatever_the_number_of_runs():
    program_spec, four = programs(quick(seeds=4, runs_axis="vmap"))
    _, one = programs(quick(seeds=1, runs_axis="vmap"))
    arguments = [program.epoch._compiled.memory_analysis().argument_size_in_bytes for program in (one, four)]
    per_run = (arguments[1] - arguments[0]) / 3
    data = sum(leaf.nbytes for leaf in jax.tree.leaves((program_spec.dataset.train, program_spec.dataset.test)))
    assert program_spec.dataset.train.inputs.dtype == jnp.uint8
    assert arguments[0] - per_run == pytest.approx(data, rel=0.1)  # less what the program does not read


@pytest.mark.slow
def test_batch_statistics_see_the_whole_batch_selected_or_not():
    (program_spec,) = build(quick("small_loss", strategy__forget_rate=0.9, strategy__ramp_epochs=1, epochs=1))
    assert int(program_spec.runs[0].keep_counts[0, -1]) == 128  # paper schedule: epoch 0 forgets nothing

    def statistics(forget):
        config = quick("small_loss", strategy__forget_rate=forget, strategy__ramp_epochs=1, epochs=2, seeds=(1,))
        config.batch_size, config.protocol.max_steps = 16, 1
        (program_spec,) = build(config, network=wrap(WithStatistics(num_classes=10)))
        return trained(program_spec)[0].batch_stats

    for all_kept, few_kept in zip(*map(jax.tree.leaves, (statistics(0.0), statistics(0.75))), strict=True):
        np.testing.assert_array_equal(all_kept, few_kept)


@pytest.mark.parametrize("axis", slow_but("map", ["map", "vmap"]))
@pytest.mark.slow
def test_results_do_not_depend_on_the_cut(axis, caplog):
    whole = run(quick(seeds=5, runs_axis=axis, **TWO_EPOCHS))
    cut = run(quick(seeds=5, runs_axis=axis, runs_at_once=2, **TWO_EPOCHS))
    assert "5 runs are trained 2 at a time, in 3 chunks" in caplog.text
    assert cut.summary["programs"][0]["runs_at_once"] == 2
    assert cut.summary["compilations"] == 1
    for name, curve in whole.metrics.items():
        if axis == "map":
            np.testing.assert_array_equal(curve, cut.metrics[name], err_msg=name)
        np.testing.assert_allclose(curve, cut.metrics[name], atol=0.01, err_msg=name)
    for mine, theirs in zip(*map(jax.tree.leaves, (whole.state, cut.state)), strict=True):
        assert mine.shape == theirs.shape and mine.shape[0] == 5


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "at_once", "expected"), [(5, 1, 2), (5, 3, 2), (5, 5, 6)])
def test_a_chunk_fills_the_devices_and_no_run_is_trained_without_need(runs, at_once, expected):
    """On two devices. A chunk of one run, or of three, would train a run twice in each chunk."""
    _, program = programs(quick("standard", seeds=runs, runs_axis="devices"), at_once=at_once)
    assert program.at_once == expected
    assert len(program._chunks) == -(-runs // expected)


@pytest.mark.slow
def test_runs_that_do_not_fit_are_cut(monkeypatch, caplog):
    one, four = (programs(quick(seeds=seeds, runs_axis="vmap"))[1].bytes for seeds in (1, 4))
    monkeypatch.setattr("jnl.parallel.devices.memory", lambda: (one + four) // 2)
    _, program = programs(quick(seeds=4, runs_axis="vmap"))
    assert program.at_once == 2 == program.compilations
    assert program.bytes <= (one + four) // 2
    assert "4 runs at once need" in caplog.text
    first = next(program.train(partial(program.start, 0)))
    assert first.measured["train_loss"].shape == (4,)


@pytest.mark.slow
def test_a_failed_allocation_halves_the_chunks(monkeypatch, caplog):
    """A limit of the address space fails really, but the compiler's own threads may then hang: so only pretend."""
    advance = multi_run.MultiRunProgram._advance

    def fails_above_one(program, at, feeds):
        if program.at_once > 1:
            messages = {4: "RESOURCE_EXHAUSTED: 1 GiB", 2: "INTERNAL: Out of memory allocating 1 bytes."}
            raise jax.errors.JaxRuntimeError(messages[program.at_once])
        return advance(program, at, feeds)

    monkeypatch.setattr(multi_run.MultiRunProgram, "_advance", fails_above_one)
    config = quick(seeds=4, runs_axis="map", **TWO_EPOCHS)
    history = run(config)
    assert caplog.text.count("ran out of memory") == 2
    assert (history.summary["programs"][0]["runs_at_once"], history.summary["compilations"]) == (1, 3)
    monkeypatch.undo()
    for name, curve in run(config).metrics.items():
        np.testing.assert_allclose(curve, history.metrics[name], rtol=1e-5, err_msg=name)


@pytest.mark.slow
def test_one_run_that_does_not_fit_is_told(monkeypatch):
    def fails(program, at, feeds):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED")

    monkeypatch.setattr(multi_run.MultiRunProgram, "_advance", fails)
    with pytest.raises(UserError, match="devices_per_batch"):
        run(quick(seeds=1))


def test_a_sweep_of_what_are_arrays_is_one_program():
    config = quick(epochs=1)
    config.sweep = (("noise.rate", (0.1, 0.5)), ("strategy.co_lambda", (0.0, 0.9)), ("seeds", (3, 7)))
    history = run(config)
    assert history.summary["compilations"] == 1
    assert [(one["noise.rate"], one["strategy.co_lambda"], one["seed"]) for one in history.runs] == [
        (rate, co_lambda, seed) for rate in (0.1, 0.5) for co_lambda in (0.0, 0.9) for seed in (3, 7)
    ]
    alone = run(quick(epochs=1, noise__rate=0.5, strategy__co_lambda=0.0, seeds=(7,)))
    for name, curve in history.metrics.items():
        np.testing.assert_allclose(curve[5], alone.metrics[name][0], atol=0.01, err_msg=name)
    first, second = history.metrics["train_loss"][[0, 2], 0]
    assert first > 2 * second  # lambda is the run's own


def test_what_changes_shapes_is_a_program_of_its_own():
    config = quick(epochs=1)
    config.sweep = (("batch_size", (64, 128)), ("optim.learning_rate", (0.001, 0.01)))
    first, second = build(config)
    assert [one.train_spec.batch_size for one in (first, second)] == [64, 128]
    assert [len(one.run_infos) for one in (first, second)] == [4, 4]
    with pytest.raises(UserError, match="need 2 programs"):
        run(config)


def test_unknown_axis_is_told():
    with pytest.raises(UserError, match="did you mean 'vmap'"):
        choose("vmapp", 1)
