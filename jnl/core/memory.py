"""Memory that a strategy keeps between batches. Most strategies have none."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.train_state import TrainState
from jnl.support.errors import UserError

Arrays = dict[str, Array]
HostArrays = dict[str, np.ndarray]


class MemoryInit(NamedTuple):
    """The values from which a strategy creates its initial memory."""

    key: Array  # random key
    labels: Array  # i32[N] noisy labels
    trains: Array  # bool[N] False for examples that are held out for validation
    transition: Array  # f32[C, C] true noise P(noisy | clean), for strategies that know it
    networks: TrainState  # the state before the first step


class PredictAllFn(Protocol):
    """Predicts all examples with the current networks."""

    def __call__(self) -> tuple[Array, Array | None]:
        """Return logits f32[K, N, C], and features f32[K, N, D] if the network records them."""


class RefreshFn(Protocol):
    """Updates the memory at the start of each epoch, inside the compiled program."""

    def __call__(self, memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array, /) -> Arrays:
        """Return the new memory for labels i32[N] and epoch i32[]."""


class HostWorkFn(Protocol):
    """Updates the memory on the host, with NumPy."""

    def __call__(self, memory: HostArrays, features: np.ndarray, labels: np.ndarray, /) -> HostArrays:
        """Return the new memory for features f32[K, N, D] of all examples and labels i32[N]."""


class HostCallback(NamedTuple):
    """Work on the host between epochs, for which JAX is not suitable."""

    due: Callable[[int], bool]  # (epoch) -> whether there is work before this epoch
    work: HostWorkFn


class Memory(NamedTuple):
    """Arrays that a strategy keeps between batches, such as one row for each example."""

    init: Callable[[MemoryInit], Arrays]
    refresh: RefreshFn | None = None
    host: HostCallback | None = None
    # (memory, parameters of the strategy) -> f32[C, C], the strategy's estimate of P(noisy | clean)
    noise: Callable[[Arrays, Arrays], Array] | None = None


def unchanged_types(after: Arrays, before: Arrays, function: str) -> Arrays:
    """Return the new memory if it has the names, types and shapes of the old one, which a compiled program needs.

    Args:
      after: the new memory.
      before: the old memory.
      function: what returned the new memory, for the error message.

    Raises:
      UserError: if an array is missing, is new, or has another type or shape.
    """
    now, was = jax.tree.map(lambda array: f"{jnp.result_type(array)} {list(jnp.shape(array))}", (after, before))
    if now != was:
        raise UserError(
            f"{function} returned the memory {now}, but before it was {was}; return every array that `Memory.init` "
            "returns, with the same type and shape"
        )
    return after
