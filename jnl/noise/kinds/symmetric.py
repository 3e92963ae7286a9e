"""Each label changes with probability `rate` to one of the other classes, all equally likely (Han et al. 2018)."""

import numpy as np

from jnl.noise.kind import NoiseKind


def symmetric() -> NoiseKind:
    """Return the noise of the co-teaching papers, with the same labels bit for bit as their code."""
    return NoiseKind(matrix)


def matrix(num_classes: int, rate: float) -> np.ndarray:
    """Return the transition matrix, f64[C, C]."""
    found = (rate / (num_classes - 1)) * np.ones((num_classes, num_classes))
    np.fill_diagonal(found, 1.0 - rate)
    return found
