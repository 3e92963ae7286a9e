"""The record that describes a kind of label noise. Each file in `kinds/` returns one."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from jax import Array


class MatrixFn(Protocol):
    """Computes a transition matrix."""

    def __call__(self, num_classes: int, rate: float, /) -> np.ndarray:
        """Return P(noisy = column | clean = row), f64[C, C]."""


class DrawFn(Protocol):
    """Draws noisy labels."""

    def __call__(
        self, labels: np.ndarray, inputs: np.ndarray | Array | None, num_classes: int, rate: float, seed: int, /
    ) -> np.ndarray:
        """Return noisy labels i32[N] for clean labels i[N], a copy, and stored inputs [N, ...], which are read-only."""


class NoiseKind(NamedTuple):
    """A kind of label noise."""

    matrix: MatrixFn | None  # None means that the noise depends on more than the class
    draw: DrawFn | None = None  # None means that `draws.corrupt` draws each label from its row of the matrix
    num_classes: int | None = None  # the only number of classes that this kind supports; None means any number
    # (noise.rate) -> the rate that methods assume if their own field is not set
    assumed_rate: Callable[[float], float] = lambda rate: rate


def flips(pairs: Callable[[int], dict[int, int]], num_classes: int | None = None) -> NoiseKind:
    """Return the kind in which some classes change to one other class with probability `rate`.

    Args:
      pairs: (number of classes) -> {clean class: noisy class}, without the classes that never change.
      num_classes: the only number of classes that this kind supports; None means any number.
    """

    def matrix(classes: int, rate: float) -> np.ndarray:
        found = np.eye(classes)
        for clean, noisy in pairs(classes).items():
            found[clean, clean], found[clean, noisy] = 1.0 - rate, rate
        return found

    return NoiseKind(matrix, num_classes=num_classes)
