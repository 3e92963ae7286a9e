"""What a kind of label noise is: the record that each file in `kinds/` returns."""

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
        """Labels i[N] and stored inputs [N, ...] -> noisy labels i32[N]."""


class NoiseKind(NamedTuple):
    """A kind of label noise."""

    matrix: MatrixFn | None  # None: the noise depends on more than the class
    draw: DrawFn | None = None  # None: each label is drawn by its row of the matrix, see `draws.corrupt`
    num_classes: int | None = None  # the number of classes that it is defined for; None: any
    nominal_rate: Callable[[float], float] = lambda rate: (
        rate
    )  # (noise.rate) -> the share of wrong labels that is meant


def flips(pairs: Callable[[int], dict[int, int]], num_classes: int | None = None) -> NoiseKind:
    """Return the kind in which a class becomes one other class with chance `rate`.

    Args:
      pairs: (number of classes) -> clean class -> noisy class, without the classes that stay as they are.
      num_classes: see `NoiseKind`.
    """

    def matrix(classes: int, rate: float) -> np.ndarray:
        found = np.eye(classes)
        for clean, noisy in pairs(classes).items():
            found[clean, clean], found[clean, noisy] = 1.0 - rate, rate
        return found

    return NoiseKind(matrix, num_classes=num_classes)
