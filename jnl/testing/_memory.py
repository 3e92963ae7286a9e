"""The memory of a method after its first refresh, compiled once for all hyperparameters that may be traced."""

from collections.abc import Callable
from functools import cache

import jax
from jax import Array

from jnl.core.memory import MemoryInit, unchanged_types
from jnl.testing._hyper_values import MakeStrategy, Static

Predictions = tuple[Array, Array | None]  # logits f32[K, N, C], features f32[K, N, F]


@cache
def refreshed(make: MakeStrategy, static: Static) -> Callable[[dict[str, Array], MemoryInit, Predictions, Array], dict]:
    """Return the compiled function (hyperparameters, start, predictions, epoch) -> memory.

    Args:
      make: see `check_strategy`.
      static: the hyperparameters that cannot be traced.
    """

    @jax.jit
    def memory(traced: dict[str, Array], start: MemoryInit, predictions: Predictions, epoch: Array) -> dict:
        kept = make(**dict(static), **traced).memory
        if kept is None:
            return {}
        first = kept.init(start)
        if kept.refresh is None:
            return first
        return unchanged_types(kept.refresh(first, lambda: predictions, start.labels, epoch), first, "Memory.refresh")

    return memory
