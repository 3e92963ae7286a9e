"""Each label is drawn anew with chance `rate`, from all classes: a share (C - 1) / C of them is wrong then."""

import numpy as np

from jnl.noise.kind import NoiseKind


def symmetric_inclusive() -> NoiseKind:
    """Return the noise."""
    return NoiseKind(matrix)


def matrix(num_classes: int, rate: float) -> np.ndarray:
    """Return f64[C, C]."""
    return (1.0 - rate) * np.eye(num_classes) + rate / num_classes
