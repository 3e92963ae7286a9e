"""What a strategy may have beside a masked loss, end to end: memory, weights, a restart, host work, an own step."""

import re
from functools import partial
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import ROOT, quick

from jnl import strategies
from jnl.core.train_state import predict
from jnl.experiment.build import build
from jnl.experiment.cross_validation import with_example_weights
from jnl.experiment.run import run
from jnl.parallel import multi_run
from jnl.support.errors import UserError
from jnl.training.epoch import train_epoch
from jnl.training.evaluation import predict_all, predictor
from jnl.training.single_run import init_state

KEPT = {
    "cores2": {"sieve_from": 1, "wait_epochs": 0},
    "dividemix": {"warmup_epochs": 1},
    "elr_plus": {},
    "forward_correction": {"estimation_epochs": 1},
    "iterative_open_set": {"first_epochs": 1, "round_epochs": 1, "neighbors": 10},
    "s_model": {"pretrain_epochs": 1},
    "sop": {"rate_u": 10.0},
}


def short(name, **fields):
    return quick(name, epochs=2, **{f"strategy__{hyper}": value for hyper, value in KEPT[name].items()}, **fields)


@pytest.mark.parametrize("name", ["dividemix", "forward_correction", "iterative_open_set", "sop"])
@pytest.mark.slow
def test_memory_is_the_runs_own_changes_and_does_not_depend_on_company(name):
    config = short(name, seeds=3, noise__seed="per_run", runs_axis="map")
    (program_spec,) = build(config)
    program = multi_run.MultiRunProgram(
        program_spec.train_spec, program_spec.dataset, program_spec.runs, program_spec.layout, 2
    )
    before = jax.tree.leaves(program.gather(program.start(0)).states.memory)
    *_, last = islice(program.train(partial(program.start, 0)), len(program_spec.epochs))
    cut, whole = program.gather(last).states, run(config).state
    for mine, theirs in zip(*map(jax.tree.leaves, (whole, cut)), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    after = jax.tree.leaves(whole.memory)
    for number in range(3):
        assert any(not np.array_equal(one[number], other[number]) for one, other in zip(before, after, strict=True))
    assert any(not np.array_equal(leaf[0], leaf[1]) for leaf in after)


@pytest.mark.parametrize("name", ["dividemix", "sop"])
@pytest.mark.slow
def test_vmap_and_map_give_the_same_curves(name):
    mapped, batched = (run(short(name, seeds=2, runs_axis=axis)).metrics for axis in ("map", "vmap"))
    for metric, curve in mapped.items():
        np.testing.assert_allclose(curve, batched[metric], atol=0.02, err_msg=metric)


@pytest.mark.parametrize(
    "name", ["confident_filter", "cores2", "dividemix", "elr_plus", "iterative_open_set", "s_model"]
)
@pytest.mark.slow
def test_what_is_held_out_never_trains(name):
    """The examples that are held out may have any label: nothing is selected of them, nothing moves."""
    hyper = KEPT.get(name, {"folds": 2, "fold_epochs": 1})
    config = quick(name, epochs=2, data__validation=0.3, seeds=1, **{f"strategy__{k}": v for k, v in hyper.items()})
    (program_spec,) = build(config)

    def params(labels):
        run_info = program_spec.run_infos[0]._replace(run=program_spec.runs[0]._replace(labels=labels))
        one = with_example_weights(program_spec._replace(run_infos=[run_info]), None)
        program = multi_run.MultiRunProgram(one.train_spec, one.dataset, one.runs, one.layout)
        *_, last = islice(program.train(partial(program.start, 0)), 2)
        return program.gather(last).states.params

    held, labels = program_spec.runs[0].validation_index, program_spec.runs[0].labels
    assert len(held) > 300
    for one, other in zip(*map(jax.tree.leaves, (params(labels), params(labels.at[held].set(3)))), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("s_model", {"protocol__first_epoch": 1}, "protocol.first_epoch"),
        ("confident_filter", {"epochs": 1}, "strategy.fold_epochs"),
        ("confident_filter", {"strategy__folds": 200}, "strategy.folds"),
        ("confident_filter", {"strategy__folds": 2, "batch_size": 900}, "config.batch_size"),
        ("dividemix", {"batch_size": 1}, "config.batch_size"),
    ],
)
def test_what_does_not_fit_is_told(name, fields, message):
    config = quick(name, **({"strategy__fold_epochs": 2} if name == "confident_filter" else {}))
    for field, value in fields.items():
        *parents, leaf = field.split("__")
        (config[parents[0]] if parents else config)[leaf] = value
    with pytest.raises(UserError, match=message):
        build(config)


@pytest.mark.slow
def test_a_restart_starts_networks_and_schedules_afresh():
    config = quick("forward_correction", epochs=4, strategy__estimation_epochs=3, optim__decay_start=1)
    (program_spec,) = build(config)
    rate = np.asarray(program_spec.runs[0].learning_rate)
    np.testing.assert_array_equal(rate, np.concatenate([rate[3:6], rate[3:]]))
    assert (program_spec.epochs, program_spec.preparing) == (range(7), 3)
    history = run(config)
    assert history.metrics["train_loss"].shape == (2, 7)
    after = history.metrics["test_accuracy"][:, 3:, 0]
    best = history.summary["points"][0]["test_accuracy"]["best"]["net1"]["per_run"]
    np.testing.assert_allclose(best, after.max(1))  # the first stage does not count
    assert history.metrics["train_loss"][:, 3].min() > history.metrics["train_loss"][:, 2].max()


@pytest.mark.slow
def test_the_estimated_noise_comes_near_the_true_one():
    config = quick("forward_correction", epochs=1, strategy__estimation_epochs=12, noise__rate=0.3)
    config.protocol.max_steps, config.optim.learning_rate = 0, 0.003
    history = run(config)
    estimated = history.state.memory["transition"]
    np.testing.assert_allclose(estimated.sum(-1), 1, rtol=1e-5)
    assert (estimated.argmax(-1) == np.arange(10)).mean() > 0.9
    true = np.asarray(build(config)[0].runs[0].transition)
    np.testing.assert_allclose(true.diagonal(), 0.7, rtol=1e-6)
    assert np.abs(estimated - true).mean() < 0.05  # by chance 0.12
    noise = [point["noise"] for point in history.summary["points"]]
    np.testing.assert_allclose(noise[0]["estimated_matrix"], estimated[0], atol=1e-4)


@pytest.mark.parametrize(
    ("strategy", "hyper", "tells"),
    [
        ("s_model", {"kind": "simple"}, True),
        ("s_model", {"kind": "complex"}, False),
        ("s_model_decoupling", {}, True),
        ("forward_correction", {"known_noise": True}, False),
    ],
)
@pytest.mark.slow
def test_who_estimates_the_noise_tells_it(strategy, hyper, tells):
    fields = {f"strategy__{name}": value for name, value in hyper.items()}
    (point,) = run(quick(strategy, epochs=3, **fields)).summary["points"]
    told = point["noise"]["estimated_matrix"]
    assert (told is not None) == tells
    if tells:
        np.testing.assert_allclose(np.sum(told, 1), 1, atol=1e-3)


@pytest.mark.parametrize("name", ["standard", "forward_correction", "backward_correction"])
@pytest.mark.slow
def test_the_validation_loss_is_the_methods_own_on_noisy_labels_that_are_held_out(name):
    """Patrini's code keeps the weights of the lowest corrected loss on 10 % of the noisy labels."""
    fields = {} if name == "standard" else {"strategy__estimation_epochs": 2}
    config = quick(name, data__validation=0.1, seeds=1, epochs=2, **fields)
    (program_spec,) = build(config)
    history, run_ = run(config), program_spec.runs[0]
    state = jax.tree.map(lambda leaf: leaf[0], history.state)
    rows, every = np.asarray(run_.validation_index), np.float32(program_spec.dataset.train.inputs) / 255
    logits, _ = predict(program_spec.train_spec.model, state.params, state.batch_stats, jnp.asarray(every[rows]))
    p, labels = np.float64(jax.nn.softmax(logits[0])), np.asarray(run_.labels)[rows]
    if name != "standard":
        held_out = np.flatnonzero(state.memory["held_out"])
        np.testing.assert_array_equal(held_out, rows)  # the same examples choose the matrix
        matrix, p = np.float64(state.memory["transition"]), np.clip(p, 1e-7, 1 - 1e-7)
    expected = {
        "standard": lambda: -np.log(p[np.arange(len(rows)), labels]),
        "forward_correction": lambda: -np.log((p @ matrix)[np.arange(len(rows)), labels]),
        "backward_correction": lambda: -(np.linalg.pinv(matrix)[labels] * np.log(p)).sum(1),
    }[name]().mean()
    np.testing.assert_allclose(history.metrics["validation_loss"][0, -1, 0], expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "hyper", "divisors"),
    [
        ("peer_loss", {"alpha": 3.0, "alpha_plan": "0:0 1:0 2:1"}, (1, 1, 4)),
        ("cores2", {"beta": 2.0, "wait_epochs": 0, "rise_epochs": 3}, (1, 2, 3)),
    ],
)
@pytest.mark.slow
def test_published_code_divides_the_rate_by_one_and_the_weight_of_a_term(name, hyper, divisors):
    """A step from the same state is as many times shorter as the divisor says, weight decay included."""
    fields = {f"strategy__{key}": value for key, value in hyper.items()} | {"optim__name": "sgd", "seeds": 1}
    fields |= {"optim__momentum": 0.0, "optim__weight_decay": 0.1, "protocol__max_steps": 1}

    def moved(number, divides):
        (program_spec,) = build(quick(name, strategy__divide_rate=divides, **fields))
        spec, train, one = (
            program_spec.train_spec,
            jax.tree.map(jnp.asarray, program_spec.dataset.train),
            program_spec.runs[0],
        )
        state = init_state(spec, train, one)
        after, _ = jax.jit(partial(train_epoch, spec))(train, one, state, jnp.int32(number))
        return jax.tree.leaves(jax.tree.map(jnp.subtract, after.params, state.params))

    for number, divisor in enumerate(divisors):
        for plain, divided in zip(moved(number, False), moved(number, True), strict=True):
            np.testing.assert_allclose(plain, divisor * divided, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_the_oracle_trains_on_true_labels_only():
    history = run(quick("oracle", noise__rate=0.4))
    np.testing.assert_array_equal(history.metrics["label_precision"], 1)
    np.testing.assert_allclose(history.metrics["selected_fraction"], 0.6, atol=0.05)


def test_only_the_oracle_reads_the_truth():
    readers = []
    for path in (ROOT / "jnl" / "strategies").glob("*.py"):
        code = re.sub(r'"""(.|\n)*?"""|#.*', "", path.read_text())
        if re.search(r"\btruth\b(?!: np)", code) or "clean[" in code and "memory" not in code:
            readers.append(path.stem)
    assert readers == ["oracle"]


@pytest.mark.slow
def test_the_filter_finds_wrong_labels():
    config = quick("confident_filter", noise__rate=0.4, epochs=6, strategy__fold_epochs=6)
    history = run(config)
    assert history.metrics["label_precision"].min() > 0.85  # by chance 0.6
    assert 0.5 < history.metrics["selected_fraction"].min() < 0.75


@pytest.mark.slow
def test_out_of_sample_means_that_nobody_saw_the_example(monkeypatch):
    """Every row is predicted by exactly one fold, which trained on the others."""
    from jnl.experiment import cross_validation

    (program_spec,) = build(quick("confident_filter", seeds=1, strategy__folds=3, strategy__fold_epochs=1))
    seen = []
    program = cross_validation.multi_run.MultiRunProgram

    def spy(spec, dataset, run_infos, *rest):
        seen.extend(run_infos)
        return program(spec, dataset, run_infos, *rest)

    monkeypatch.setattr(cross_validation.multi_run, "MultiRunProgram", spy)
    cross_validation.with_example_weights(program_spec, None)
    held = [set(np.asarray(run.validation_index).tolist()) for run in seen]
    assert len(seen) == 3
    assert set.union(*held) == set(range(1442))
    assert sum(map(len, held)) == 1442
    for run_of_fold, rows in zip(seen, held, strict=True):
        assert not rows & set(np.asarray(run_of_fold.train_index).tolist())


@pytest.mark.slow
def test_two_networks_have_an_ensemble():
    history = run(quick("standard", strategy__networks=2))
    assert history.metrics["ensemble_accuracy"].shape == (2, 3)
    assert "ensemble_accuracy" not in run(quick("standard")).metrics
    assert (history.metrics["ensemble_accuracy"] >= history.metrics["test_accuracy"].min(2)).all()


@pytest.mark.slow
def test_everything_is_every_row_in_order():
    (program_spec,) = build(quick())
    state = jax.tree.map(jnp.asarray, run(quick(epochs=1, seeds=1)).state)
    state = jax.tree.map(lambda leaf: leaf[0], state)
    inputs = jnp.asarray(program_spec.dataset.train.inputs[:301])
    said = predict_all(predictor(program_spec.train_spec, state), inputs, 128)
    expected = predict(program_spec.train_spec.model, state.params, state.batch_stats, inputs.astype(jnp.float32) / 255)
    for mine, theirs in zip(said, expected, strict=True):
        assert mine.shape == theirs.shape == (2, 301, mine.shape[-1])
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)


def test_noise_rate_follows_the_data_unless_set():
    def rate(**fields):
        return float(build(quick("cdr", **fields))[0].runs[0].hyper["noise_rate"])

    assert rate(noise__rate=0.3) == np.float32(0.3)
    assert rate(noise__rate=0.3, strategy__noise_rate=0.1) == np.float32(0.1)


@pytest.mark.slow
def test_dividemix_divides_after_its_warm_up():
    history = run(quick("dividemix", epochs=8, noise__rate=0.4, strategy__warmup_epochs=5, protocol__max_steps=0))
    np.testing.assert_array_equal(history.metrics["selected_fraction"][:, :5], 1)
    assert history.metrics["selected_fraction"][:, 5:].max() < 0.8
    assert history.metrics["label_precision"][:, 5:].min() > 0.75  # 0.6 by chance


def test_a_swept_strategy_name_drops_the_other_ones_defaults():
    config = quick("jocor", epochs=1)
    config.sweep = (("strategy.name", ("gce", "standard")),)
    assert [program_spec.settings.strategy.name for program_spec in build(config)] == ["gce", "standard"]
    assert "co_lambda" not in strategies.hypers("gce")
