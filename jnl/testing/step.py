"""The parts of the contract about a step of its own, and about the labels that a strategy takes for wrong."""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl import noise
from jnl.core import train_state
from jnl.core.memory import MemoryInit
from jnl.core.strategy import StepContext, StepResult
from jnl.core.suspects import Listed
from jnl.models import make as make_network
from jnl.models import wrap
from jnl.ops.augment import Augment
from jnl.support import registry
from jnl.testing._hyper_values import BATCH, CLASSES, EXAMPLES, FEATURES, MakeStrategy, Static, divided
from jnl.training.optimizers import Optimizer
from jnl.training.step import update

_TRAINS = np.arange(EXAMPLES) % 5 > 0  # the other examples are held out


def check_suspects(make: MakeStrategy, hyper: dict[str, registry.Value]) -> Listed:
    """It says of each example whether its label is suspect, and why, in numbers; of none that is held out.

    The state that it looks at is that after 20 steps on random labels. Returns what it has found there.
    """
    traced, static = divided(registry.keywords(make) | hyper)
    arrays = jax.tree.map(jnp.float32, traced)
    strategy = make(**dict(static), **arrays)
    assert strategy.suspects is not None
    random, (start, step, _) = np.random.default_rng(4), _compiled_step(make, static)
    state = start(arrays)
    for epoch in range(80, 100):
        rows = jnp.asarray(random.choice(np.flatnonzero(_TRAINS), BATCH, replace=False), jnp.int32)
        state, _ = step(arrays, state, jnp.int32(epoch), rows)
    suspicion = {"times": random.integers(0, 10, (EXAMPLES, 2)).cumsum(1)[:, ::-1] * _TRAINS[:, None]}
    if not strategy.suspects.counted and strategy.example_weights:
        dropped = _TRAINS & (random.random(EXAMPLES) < 0.4)
        predicted = random.integers(0, CLASSES, EXAMPLES)
        suspicion = {"dropped": dropped, "wrong": random.random(EXAMPLES), "predicted": predicted}
    listed = strategy.suspects.listed(jax.device_get(state._replace(suspicion=jax.tree.map(jnp.asarray, suspicion))))
    assert (listed.wrong.shape, listed.wrong.dtype) == ((EXAMPLES,), bool), "`wrong` must be bool[N]"
    assert not listed.wrong[~_TRAINS].any(), "an example that is held out is suspect"
    assert listed.numbers, "it gives no number as a reason"
    assert all(values.shape == (EXAMPLES,) and np.isfinite(values).all() for values in listed.numbers.values())
    if "probability" in listed.numbers:
        assert ((0 <= listed.numbers["probability"]) & (listed.numbers["probability"] <= 1)).all()
    if listed.suggested is not None:
        assert ((0 <= listed.suggested) & (listed.suggested < CLASSES)).all(), "a suggested label is not a class"
    return listed


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
    state, rows = start(arrays), jnp.arange(BATCH)
    for number in (0, 1, 5):
        after, output = alone(arrays, state, jnp.int32(number), rows)
        if compare:
            several, _ = among(arrays, jax.tree.map(lambda leaf: leaf[None], state), jnp.int32(number), rows)
            for one, same in zip(*map(jax.tree.leaves, (after, several)), strict=True):
                np.testing.assert_allclose(one, same[0], rtol=2e-4, atol=1e-5, err_msg="vmap changes the step")
        now, was = (jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), each) for each in (after, state))
        assert now == was, "the step changes shapes or types"
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after)), "the new state is not finite"
        for before, now in zip(*map(jax.tree.leaves, (state.params, after.params)), strict=True):
            assert (before != now).reshape(num_nets, -1).any(1).all(), "parameters of a network do not move"
        assert output.logits.shape == (num_nets, BATCH, CLASSES), "the logits must have the shape [K, B, C]"
        shapes = [(rows, BATCH) for rows in (1, num_nets)]
        assert output.selection.mask.shape in shapes, "the mask must have the shape [K, B], or [1, B] for a shared loss"
        state = after


@cache
def _compiled_step(make: MakeStrategy, static: Static) -> tuple[Callable, Callable, Callable]:
    """Return (traced hyperparameters) -> a state, and (traced, state, epoch, rows) -> result: alone, under vmap."""
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
        given = MemoryInit(jax.random.key(3), labels, jnp.asarray(_TRAINS), transition, state)
        return state._replace(memory=strategy.memory.init(given) if strategy.memory else {})

    def epoch(traced: dict[str, Array], state: train_state.TrainState, number: Array, rows: Array) -> StepResult:
        strategy = make(**dict(static), **traced)

        def predict_all() -> tuple[Array, Array | None]:
            return train_state.predict(model, state.params, state.batch_stats, inputs)

        if strategy.memory and strategy.memory.refresh:
            state = state._replace(memory=strategy.memory.refresh(state.memory, predict_all, labels, number))
        seen = StepContext(
            number, jnp.int32(0), 10, jnp.arange(BATCH + 1), rows, inputs[rows], jnp.ones(BATCH),
            jnp.float32(0.3), jax.random.key(7), state.memory,
        )  # fmt: skip
        default_step = partial(update, strategy, training)
        if strategy.custom_step is None:
            return default_step(state, seen)
        return strategy.custom_step(default_step, training, state, seen)

    return jax.jit(start), jax.jit(epoch), jax.jit(jax.vmap(epoch, (None, 0, None, None)))
