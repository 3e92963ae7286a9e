"""Each label is drawn again from all C classes with probability `rate`.

A label can be drawn as its own class, so only a share (C - 1) / C of the drawn labels is wrong.
"""

import numpy as np

from jnl.noise.kind import NoiseKind


def symmetric_inclusive() -> NoiseKind:
    """Return the noise, for any number of classes."""
    return NoiseKind(matrix)


def matrix(num_classes: int, rate: float) -> np.ndarray:
    """Return the transition matrix, f64[C, C]."""
    return (1.0 - rate) * np.eye(num_classes) + rate / num_classes
