"""The runs axis S: several runs in one compiled program. No other file knows it."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jnl.epoch import Recipe, epoch, start
from jnl.errors import unknown
from jnl.step import State
from jnl.types import Dataset, Run, Split

AXES = ["auto", "map", "vmap"]


class Program(NamedTuple):
    """The compiled training epoch of all runs, and where they start."""

    state: State  # every leaf [S, K, ...]; gone after the first `advance`, which reuses its memory
    advance: Callable[[State, int], tuple[State, dict[str, np.ndarray]]]  # one epoch; metrics [S] or [S, K]
    compilations: int  # of the training epoch: ahead of time, so a later change of shapes raises instead
    compile_seconds: float


def stack(runs: Sequence[Run]) -> Run:
    """Runs of equal shapes -> one Run whose leaves start with S."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *runs)


def choose_axis(axis: str) -> str:
    """`vmap` (one batched program) or `map` (one run after the other inside the program).

    `auto` is `map` on CPU, where one run's matrices fill the cores and its weights stay in the cache, else `vmap`.
    """
    if axis not in AXES:
        raise unknown("runs_axis", axis, AXES)
    if axis == "auto":
        return "map" if jax.default_backend() == "cpu" else "vmap"
    return axis


def program(recipe: Recipe, dataset: Dataset, runs: Run, axis: str) -> Program:
    """Compiles the epoch of all runs once, ahead of time: a later change of shapes is an error, not a compilation."""

    def training_epoch(
        train: Split, test: Split, runs: Run, state: State, number: Array
    ) -> tuple[State, dict[str, Array]]:
        def one(both: tuple[Run, State]) -> tuple[State, dict[str, Array]]:
            return epoch(recipe, train, test, *both, number)

        return (jax.vmap(one) if axis == "vmap" else partial(lax.map, one))((runs, state))

    train, test = dataset.train, dataset.test
    # Random numbers compile slowly on CPU: less optimisation makes the same bits several times sooner.
    quickly = {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None
    state = jax.jit(jax.vmap(partial(start, recipe), (None, 0)), compiler_options=quickly)(train, runs)
    begin = time.perf_counter()
    lowered = jax.jit(training_epoch, donate_argnames="state").lower(train, test, runs, state, jnp.int32(0))
    compiled = lowered.compile()
    seconds = time.perf_counter() - begin

    def advance(state: State, number: int) -> tuple[State, dict[str, np.ndarray]]:
        state, metrics = compiled(train, test, runs, state, jnp.int32(number))
        return state, jax.device_get(metrics)

    return Program(state, advance, 1, seconds)
