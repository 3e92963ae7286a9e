"""What a strategy may have from before and between the batches; most have nothing."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jax import Array

from jnl.core.train_state import TrainState

Arrays = dict[str, Array]


class MemoryInit(NamedTuple):
    """What a memory may start from."""

    key: Array
    labels: Array  # i32[N] noisy labels
    trains: Array  # bool[N] False for what is held out for validation
    transition: Array  # f32[C, C] the true noise, for strategies that are told to know it
    networks: TrainState  # as they start


PredictAll = Callable[[], tuple[Array, Array]]  # logits f32[K, N, C] and features f32[K, N, D] of all examples, now


class HostCallback(NamedTuple):
    """Work between epochs that is not JAX."""

    due: Callable[[int], bool]  # at the start of this epoch?
    # (memory, features f32[K, N, D] of all examples, labels i32[N]) -> the new memory
    work: Callable[[dict[str, np.ndarray], np.ndarray, np.ndarray], dict[str, np.ndarray]]


class Memory(NamedTuple):
    """Arrays that a strategy keeps from batch to batch, such as one row for each example."""

    init: Callable[[MemoryInit], Arrays]
    # (memory, everything, labels i32[N], epoch i32[]), at the start of each epoch
    refresh: Callable[[Arrays, PredictAll, Array, Array], Arrays] | None = None
    host: HostCallback | None = None
    # (memory, parameters of the strategy's own) -> f32[C, C], what it takes for P(noisy | clean)
    noise: Callable[[Arrays, Arrays], Array] | None = None


class OutOfSample(NamedTuple):
    """What networks say of examples that they did not train on."""

    wrong: Array  # f32[N] the chance that the given label is wrong
    predicted: Array  # i32[N] the most probable class


class ExampleWeighting(NamedTuple):
    """What each example counts, settled on the host before training."""

    # (labels i32[N], truth i32[N], out-of-sample probabilities f32[N, C] if there are folds) -> f64[N]
    weights: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    folds: int = 0  # for each, a network trains on the other folds
    epochs: int = 0  # of that training
