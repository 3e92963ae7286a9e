"""The contract that every strategy keeps; a new file in strategies/ is tested by being there."""

import inspect
from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.hyper_values import hyper_values
from jax import Array

from jnl import noise, strategies
from jnl.core import train_state
from jnl.core.errors import UserError
from jnl.core.memory import MemoryInit
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.models import make, wrap
from jnl.ops import schedules
from jnl.ops.augment import Augment
from jnl.ops.losses import objective
from jnl.training.optimizers import Optimizer
from jnl.training.step import update

BATCH, CLASSES, FEATURES = 16, 5, 3
SMALL = {"iterative_open_set": {"neighbors": 5}}


CASES = [
    pytest.param(
        (name, hyper),
        id="-".join([name, *(f"{key}={value}" for key, value in hyper.items())]),
        marks=[pytest.mark.slow] if hyper else [],  # the defaults alone are part of the default suite
    )
    for name in strategies.names()
    for hyper in [{}] + [{hyper: value} for hyper in strategies.hypers(name) for value in hyper_values(name, hyper)]
]
MASKED_LOSS = [case for case in CASES if strategies.make(case.values[0][0]).select]
SUSPECTING = [case for case in CASES if strategies.make(case.values[0][0], **case.values[0][1]).suspects]
OWN_STEP = [  # compiling a step takes long, so only one method is part of the default suite
    pytest.param(case.values[0], id=case.id, marks=[] if case.id == "mixup" else [pytest.mark.slow])
    for case in CASES
    if strategies.make(case.values[0][0]).custom_step
]


def divided(name, hyper):
    """All hyper-values: those that may be traced, and the rest, for which a program is compiled."""
    every = strategies.hypers(name) | SMALL.get(name, {}) | hyper
    traced = {key: value for key, value in every.items() if isinstance(value, float)}
    return traced, tuple((key, value) for key, value in every.items() if key not in traced)


def keep(forget):
    return jnp.asarray(schedules.keep_counts(np.array([forget]), BATCH)[0])


def context(strategy, labels):
    """What the strategy sees in epoch 5, with a memory that has been refreshed once."""
    random = np.random.default_rng(2)
    transition = jnp.asarray(noise.transition("pair", CLASSES, 0.3), jnp.float32)
    given = MemoryInit(jax.random.key(3), labels, jnp.ones(len(labels), bool), transition, None)
    memory = strategy.memory.init(given) if strategy.memory else {}
    features = jnp.asarray(random.normal(0, 1, (strategy.num_nets, BATCH, FEATURES)), jnp.float32)
    if strategy.memory and strategy.memory.refresh:
        logits = jnp.asarray(random.normal(0, 1, (strategy.num_nets, BATCH, CLASSES)), jnp.float32)
        memory = strategy.memory.refresh(memory, lambda: (logits, features), labels, jnp.int32(5))
    learned = jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(0, 1, (strategy.num_nets, *leaf.shape)), jnp.float32),
        strategy.init_params(CLASSES, FEATURES) if strategy.init_params else {},
    )
    weights = jnp.asarray(random.integers(0, 2, BATCH) if strategy.example_weights else np.ones(BATCH), jnp.float32)
    return StepContext(
        jnp.int32(5), jnp.int32(2), 10, keep(0.3), jnp.arange(BATCH), jnp.zeros((BATCH, 1)), weights, jnp.float32(0.3),
        jax.random.key(7), memory, learned, features,
    )  # fmt: skip


def situations(name, hyper, strategy):
    """The same batch in the ways that the contract compares: each with logits, labels and context."""
    random = np.random.default_rng(0)
    logits = jnp.asarray(random.normal(0, 2, (2, BATCH, CLASSES)), jnp.float32)[: strategy.num_nets]
    labels = jnp.asarray(random.integers(0, CLASSES, BATCH), jnp.int32)
    seen = context(strategy, labels)
    order = reordered(name, hyper)
    moved = seen._replace(
        example_index=seen.example_index[order], weights=seen.weights[order], features=seen.features[:, order]
    )
    program_spec = (seen.memory, seen.strategy_params, seen.features)
    memory, learned, features = (
        jax.tree.map(lambda leaf: leaf[::-1], program_spec) if strategy.num_nets > 1 else program_spec
    )
    return {
        "straight": (logits, labels, seen),
        "permuted": (logits[:, order], labels[order], moved),
        "swapped": (logits[::-1], labels, seen._replace(memory=memory, strategy_params=learned, features=features)),
        "forgets much": (logits, labels, seen._replace(keep_counts=keep(0.75))),
        "forgets nothing": (logits, labels, seen._replace(keep_counts=keep(0.0))),
        "keeps nothing": (logits, labels, seen._replace(keep_counts=keep(1.0), weights=jnp.zeros(BATCH))),
    }


def reordered(name, hyper):
    """The places of the examples in the permuted batch."""
    if name != "buckets":
        return np.random.default_rng(1).permutation(BATCH)
    size = hyper.get("bag_size", 8)  # whole bags, and their examples
    bags = np.random.default_rng(1).permutation(BATCH // size)
    return np.concatenate([np.random.default_rng(bag).permutation(size) + size * bag for bag in bags])


class Answer(NamedTuple):
    selection: Selection
    value: Array  # f32[G]
    gradient: Array  # f32[K, B, C] by the logits


@cache
def compiled(name, static):
    """(traced hyper-values, situation) -> Answer: alone, and for several situations at once."""

    def answer(traced, situation):
        logits, labels, seen = situation

        def total(logits):
            selection = strategies.make(name, **dict(static), **traced).select(logits, labels, seen)
            value = objective(selection)
            return value.sum(), (selection, value)

        gradient, (selection, value) = jax.grad(total, has_aux=True)(logits)
        return Answer(selection, value, gradient)

    return jax.jit(answer), jax.jit(jax.vmap(answer, (None, 0)))


class Answers(NamedTuple):
    """All that a strategy says."""

    name: str
    hyper: dict
    strategy: Strategy
    seen: StepContext
    eager: Selection  # operation by operation, no hyper-value traced
    jitted: Answer  # alone, for the default hyper-values
    among: dict[str, Answer]  # by vmap, to each situation


@pytest.fixture(scope="module", params=MASKED_LOSS)
def answers(request):
    name, hyper = request.param
    traced, static = divided(name, hyper)
    strategy = strategies.make(name, **dict(static), **traced)
    asked = situations(name, hyper, strategy)
    alone, several = compiled(name, static)
    traced = jax.tree.map(jnp.float32, traced)
    together = jax.device_get(several(traced, jax.tree.map(lambda *leaves: jnp.stack(leaves), *asked.values())))
    among = {one: jax.tree.map(lambda leaf, place=place: leaf[place], together) for place, one in enumerate(asked)}
    # Each program takes long to compile, so other hyper-values have only the one of several situations.
    jitted = among["straight"] if hyper else jax.device_get(alone(traced, asked["straight"]))
    return Answers(name, hyper, strategy, asked["straight"][-1], strategy.select(*asked["straight"]), jitted, among)


def test_shapes_and_types(answers):
    strategy, selection = answers.strategy, answers.eager
    rows = selection.loss.shape[0]
    assert rows in (1, strategy.num_nets)
    assert selection.loss.shape == selection.mask.shape == (rows, BATCH)
    assert selection.denominator.shape == (rows,)
    assert (selection.loss.dtype, selection.mask.dtype, selection.denominator.dtype) == (jnp.float32, bool, jnp.float32)
    assert answers.jitted.value.shape == (rows,)
    assert np.isfinite(answers.jitted.value).all()
    if selection.eligible is not None:
        assert (selection.eligible.shape, selection.eligible.dtype) == ((BATCH,), bool)
        assert not (selection.mask & ~selection.eligible[None]).any()  # it chose among these
    if selection.memory is not None:
        assert jax.tree.map(jnp.shape, selection.memory) == jax.tree.map(jnp.shape, answers.seen.memory)


def test_permuting_the_batch_permutes_loss_and_mask(answers):
    straight, permuted = (answers.among[one].selection for one in ("straight", "permuted"))
    order = reordered(answers.name, answers.hyper)
    np.testing.assert_array_equal(permuted.mask, straight.mask[:, order])
    np.testing.assert_allclose(permuted.loss, straight.loss[:, order], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(permuted.denominator, straight.denominator)
    for mine, theirs in zip(*map(jax.tree.leaves, (straight.memory, permuted.memory)), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_swapping_the_networks_swaps_the_rows(answers):
    straight, swapped = (answers.among[one].selection for one in ("straight", "swapped"))
    np.testing.assert_array_equal(swapped.mask, straight.mask[::-1])
    np.testing.assert_allclose(swapped.loss, straight.loss[::-1], rtol=1e-6)


def test_gradient_only_where_selected(answers):
    selection, _, gradient = answers.jitted
    mask = np.broadcast_to(selection.mask, gradient.shape[:2])
    moved = np.abs(gradient).max(-1) > 0
    assert np.isfinite(gradient).all()
    assert not moved[~mask].any()
    # co_lambda = 1 leaves only agreement, whose gradient could vanish by chance; nothing else here may.
    assert moved[mask].all()


def test_jit_and_vmap_equal_eager_and_number_hypers_may_be_traced(answers):
    for other in (answers.jitted.selection, answers.among["straight"].selection):
        np.testing.assert_array_equal(other.mask, answers.eager.mask)
        np.testing.assert_allclose(other.loss, answers.eager.loss, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(other.denominator, answers.eager.denominator)


def test_the_forget_rate_matters_where_the_strategy_says_so(answers):
    few, many = (answers.among[one].selection.mask.sum() for one in ("forgets much", "forgets nothing"))
    assert (few < many) if answers.strategy.uses_forget_rate else (few == many)


def test_nothing_kept_means_nothing_trained_and_nothing_nan(answers):
    nothing = answers.among["keeps nothing"]
    assert np.isfinite(nothing.value).all()
    assert np.isfinite(nothing.gradient).all()
    keeps_some = (answers.name, answers.hyper) == ("coteaching_plus", {"reference": True})  # as its published code does
    if (answers.strategy.uses_forget_rate or answers.strategy.example_weights) and not keeps_some:
        assert not nothing.gradient.any()


@cache
def compiled_step(name, static):
    """(traced hyper-values) -> a state; (traced hyper-values, state, epoch) -> what the step makes of it."""
    random = np.random.default_rng(0)
    inputs = jnp.asarray(random.normal(0, 1, (40, 8)), jnp.float32)
    labels = jnp.asarray(random.integers(0, CLASSES, 40), jnp.int32)
    model, optimizer = wrap(make("mlp", CLASSES, width=FEATURES)), Optimizer("sgd", 0.9, 0.0)(0.1, 0.9)
    transition = jnp.asarray(noise.transition("pair", CLASSES, 0.3), jnp.float32)
    training = train_state.TrainContext(model, optimizer, Augment(), inputs, labels)

    def start(traced):
        strategy = strategies.make(name, **dict(static), **traced)
        state = train_state.init(
            model, strategy.num_nets, optimizer, jax.random.key(1), inputs[:1], len(inputs), strategy.init_params
        )
        given = MemoryInit(jax.random.key(3), labels, jnp.arange(40) != 11, transition, state)
        return state._replace(memory=strategy.memory.init(given) if strategy.memory else {})

    def epoch(traced, state, number):
        strategy = strategies.make(name, **dict(static), **traced)

        def everything():
            return train_state.predict(model, state.params, state.batch_stats, inputs)

        if strategy.memory and strategy.memory.refresh:
            state = state._replace(memory=strategy.memory.refresh(state.memory, everything, labels, number))
        seen = StepContext(
            number, jnp.int32(0), 10, jnp.arange(BATCH + 1), jnp.arange(BATCH), inputs[:BATCH], jnp.ones(BATCH),
            jnp.float32(0.3), jax.random.key(7), state.memory,
        )  # fmt: skip
        return strategy.custom_step(partial(update, strategy, training), training, state, seen)

    return jax.jit(start), epoch, jax.jit(epoch), jax.jit(jax.vmap(epoch, (None, 0, None)))


@pytest.mark.parametrize("case", SUSPECTING)
def test_what_it_takes_for_wrong(case):
    """Of each example it says whether its label is suspect, and why, in numbers; of none it holds out."""
    name, hyper = case
    traced, static = divided(name, hyper)
    strategy = strategies.make(name, **dict(static), **jax.tree.map(jnp.float32, traced))
    random, trains = np.random.default_rng(4), np.arange(40) % 5 > 0
    labels = jnp.asarray(random.integers(0, CLASSES, 40), jnp.int32)
    suspicion = {"times": random.integers(0, 10, (40, 2)).cumsum(1)[:, ::-1] * trains[:, None]}
    if not strategy.suspects.counted and strategy.example_weights:
        suspicion = {"dropped": trains & (random.random(40) < 0.4), "wrong": random.random(40), "predicted": labels}
    given = MemoryInit(jax.random.key(3), labels, jnp.asarray(trains), jnp.eye(CLASSES), None)
    memory = strategy.memory.init(given) if strategy.memory else {}
    if strategy.memory and strategy.memory.refresh:
        logits = jnp.asarray(random.normal(0, 2, (strategy.num_nets, 40, CLASSES)), jnp.float32)
        memory = strategy.memory.refresh(memory, lambda: (logits, None), labels, jnp.int32(99))
    state = train_state.TrainState({}, {}, (), memory, jnp.array(False), jnp.zeros((1, 40)), suspicion)
    listed = strategy.suspects.listed(jax.device_get(state))
    assert (listed.wrong.shape, listed.wrong.dtype) == ((40,), bool)
    assert 0 < listed.wrong.sum() and not listed.wrong[~trains].any()
    assert listed.numbers
    assert all(values.shape == (40,) and np.isfinite(values).all() for values in listed.numbers.values())
    if "probability" in listed.numbers:
        assert ((0 <= listed.numbers["probability"]) & (listed.numbers["probability"] <= 1)).all()
    if listed.suggested is not None:
        assert ((0 <= listed.suggested) & (listed.suggested < CLASSES)).all()


@pytest.mark.parametrize("case", OWN_STEP)
def test_a_step_of_its_own(case):
    """Every network moves, shapes stay and nothing is lost from epoch to epoch; by default jit is vmap is eager."""
    name, hyper = case
    traced, static = divided(name, hyper)
    num_nets = strategies.make(name, **dict(static), **traced).num_nets
    start, epoch, alone, among = compiled_step(name, static)
    arrays = jax.tree.map(jnp.float32, traced)
    state = start(arrays)
    for number in (0, 1, 5):
        after, outcome = alone(arrays, state, jnp.int32(number))
        others = []
        if not hyper:  # one more program takes long to compile
            several, _ = among(arrays, jax.tree.map(lambda leaf: leaf[None], state), jnp.int32(number))
            others.append(jax.tree.map(lambda leaf: leaf[0], several))
        if number == 5 and not hyper:  # compiles every operation by itself, which takes longer
            others.append(epoch(traced, state, jnp.int32(number))[0])
        for other in others:
            for one, same in zip(*map(jax.tree.leaves, (after, other)), strict=True):
                np.testing.assert_allclose(one, same, rtol=2e-4, atol=1e-5)
        assert jax.tree.map(jnp.shape, after) == jax.tree.map(jnp.shape, state)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after))
        for before, now in zip(*map(jax.tree.leaves, (state.params, after.params)), strict=True):
            assert (before != now).reshape(num_nets, -1).any(1).all()
        assert outcome.selection.mask.shape == (num_nets, BATCH)
        assert outcome.logits.shape == (num_nets, BATCH, CLASSES)
        state = after


@pytest.mark.parametrize("name", strategies.names())
def test_documented_and_small(name):
    module = inspect.getmodule(strategies.registry.find(strategies, name, "strategy.name").__dict__[name])
    assert module.__doc__
    own_step = strategies.make(name).custom_step is not None
    assert len(inspect.getsource(module).splitlines()) <= (160 if own_step else 65)
    assert strategies.make(name).num_nets in (1, 2)


def test_wrong_names_list_the_right_ones():
    with pytest.raises(UserError, match="did you mean 'jocor'"):
        strategies.make("jocorr")
    with pytest.raises(UserError, match="strategy.co_lamda.*did you mean 'co_lambda'"):
        strategies.make("jocor", co_lamda=0.5)
    with pytest.raises(UserError, match="co_lambda: 1.5 is outside"):
        strategies.make("jocor", co_lambda=1.5)
    with pytest.raises(UserError, match="warmup_epochs: -1"):
        strategies.make("coteaching_plus", warmup_epochs=-1)
