"""The parts of the contract about a step of its own, and about the labels that a strategy takes for wrong."""

from collections.abc import Callable
from functools import cache, partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl import noise
from jnl.core import train_state
from jnl.core.memory import MemoryInit
from jnl.core.strategy import StepContext, StepResult
from jnl.models import make as make_network
from jnl.models import wrap
from jnl.ops.augment import Augment
from jnl.support import registry
from jnl.testing._hyper_values import BATCH, CLASSES, EXAMPLES, FEATURES, MakeStrategy, Static, divided
from jnl.testing._memory import refreshed
from jnl.training.optimizers import Optimizer
from jnl.training.step import update


def check_suspects(make: MakeStrategy, hyper: dict[str, registry.Value]) -> None:
    """It says of each example whether its label is suspect, and why, in numbers; of none that is held out."""
    traced, static = divided(registry.keywords(make) | hyper)
    strategy = make(**dict(static), **jax.tree.map(jnp.float32, traced))
    assert strategy.suspects is not None
    random, trains = np.random.default_rng(4), np.arange(EXAMPLES) % 5 > 0
    labels = jnp.asarray(random.integers(0, CLASSES, EXAMPLES), jnp.int32)
    suspicion = {"times": random.integers(0, 10, (EXAMPLES, 2)).cumsum(1)[:, ::-1] * trains[:, None]}
    if not strategy.suspects.counted and strategy.example_weights:
        dropped = trains & (random.random(EXAMPLES) < 0.4)
        suspicion = {"dropped": dropped, "wrong": random.random(EXAMPLES), "predicted": np.asarray(labels)}
    start = MemoryInit(
        jax.random.key(3), labels, jnp.asarray(trains), jnp.eye(CLASSES), cast(train_state.TrainState, None)
    )
    logits = jnp.asarray(random.normal(0, 2, (strategy.num_nets, EXAMPLES, CLASSES)), jnp.float32)
    memory = refreshed(make, static)(jax.tree.map(jnp.float32, traced), start, (logits, None), jnp.int32(99))
    state = train_state.TrainState(
        {}, {}, (), memory, jnp.array(False), jnp.zeros((1, EXAMPLES)), jax.tree.map(jnp.asarray, suspicion)
    )
    listed = strategy.suspects.listed(jax.device_get(state))
    assert (listed.wrong.shape, listed.wrong.dtype) == ((EXAMPLES,), bool), "`wrong` must be bool[N]"
    assert 0 < listed.wrong.sum(), "no label is suspect"
    assert not listed.wrong[~trains].any(), "an example that is held out is suspect"
    assert listed.numbers, "it gives no number as a reason"
    assert all(values.shape == (EXAMPLES,) and np.isfinite(values).all() for values in listed.numbers.values())
    if "probability" in listed.numbers:
        assert ((0 <= listed.numbers["probability"]) & (listed.numbers["probability"] <= 1)).all()
    if listed.suggested is not None:
        assert ((0 <= listed.suggested) & (listed.suggested < CLASSES)).all(), "a suggested label is not a class"


def check_step(make: MakeStrategy, hyper: dict[str, registry.Value], compare: bool = True) -> None:
    """Its own step moves every network, keeps shapes, and loses nothing from epoch to epoch.

    Args:
      make: see `check_strategy`.
      hyper: hyperparameters that replace the defaults.
      compare: whether the step is also taken under vmap, which takes longer.
    """
    traced, static = divided(registry.keywords(make) | hyper)
    num_nets = make(**dict(static), **traced).num_nets
    start, alone, among = _compiled_step(make, static)
    arrays = jax.tree.map(jnp.float32, traced)
    state = start(arrays)
    for number in (0, 1, 5):
        after, output = alone(arrays, state, jnp.int32(number))
        if compare:
            several, _ = among(arrays, jax.tree.map(lambda leaf: leaf[None], state), jnp.int32(number))
            for one, same in zip(*map(jax.tree.leaves, (after, several)), strict=True):
                np.testing.assert_allclose(one, same[0], rtol=2e-4, atol=1e-5, err_msg="vmap changes the step")
        now, was = (jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), each) for each in (after, state))
        assert now == was, "the step changes shapes or types"
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after)), "the new state is not finite"
        for before, now in zip(*map(jax.tree.leaves, (state.params, after.params)), strict=True):
            assert (before != now).reshape(num_nets, -1).any(1).all(), "parameters of a network do not move"
        assert output.selection.mask.shape == (num_nets, BATCH), "the mask must have the shape [K, B]"
        assert output.logits.shape == (num_nets, BATCH, CLASSES), "the logits must have the shape [K, B, C]"
        state = after


@cache
def _compiled_step(make: MakeStrategy, static: Static) -> tuple[Callable, Callable, Callable]:
    """Return (traced hyperparameters) -> a state, and (traced, state, epoch) -> result: alone, under vmap."""
    random = np.random.default_rng(0)
    inputs = jnp.asarray(random.normal(0, 1, (EXAMPLES, 8)), jnp.float32)
    labels = jnp.asarray(random.integers(0, CLASSES, EXAMPLES), jnp.int32)
    model, optimizer = wrap(make_network("mlp", CLASSES, width=FEATURES)), Optimizer("sgd", 0.9, 0.0)(0.1, 0.9)
    transition = jnp.asarray(noise.transition("pair", CLASSES, 0.3), jnp.float32)
    training = train_state.TrainContext(model, optimizer, Augment().__call__, inputs, labels)

    def start(traced: dict[str, Array]) -> train_state.TrainState:
        strategy = make(**dict(static), **traced)
        state = train_state.init(
            model, strategy.num_nets, optimizer, jax.random.key(1), inputs[:1], len(inputs), strategy.init_params
        )
        given = MemoryInit(jax.random.key(3), labels, jnp.arange(EXAMPLES) != 11, transition, state)
        return state._replace(memory=strategy.memory.init(given) if strategy.memory else {})

    def epoch(traced: dict[str, Array], state: train_state.TrainState, number: Array) -> StepResult:
        strategy = make(**dict(static), **traced)

        def predict_all() -> tuple[Array, Array | None]:
            return train_state.predict(model, state.params, state.batch_stats, inputs)

        if strategy.memory and strategy.memory.refresh:
            state = state._replace(memory=strategy.memory.refresh(state.memory, predict_all, labels, number))
        seen = StepContext(
            number, jnp.int32(0), 10, jnp.arange(BATCH + 1), jnp.arange(BATCH), inputs[:BATCH], jnp.ones(BATCH),
            jnp.float32(0.3), jax.random.key(7), state.memory,
        )  # fmt: skip
        assert strategy.custom_step is not None
        return strategy.custom_step(partial(update, strategy, training), training, state, seen)

    return jax.jit(start), jax.jit(epoch), jax.jit(jax.vmap(epoch, (None, 0, None)))
