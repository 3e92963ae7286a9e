"""Exactly round(rate N) labels change to another class; all other classes are equally likely.

The labels that change come first in a random permutation. ODNL also changes an exact number of labels, but its random
numbers differ.
"""

import numpy as np
from jax import Array

from jnl.noise.kind import NoiseKind
from jnl.noise.kinds import symmetric


def symmetric_exact() -> NoiseKind:
    """Return the noise. Its expected transition matrix is the matrix of `symmetric`."""

    def draw(
        labels: np.ndarray, inputs: np.ndarray | Array | None, num_classes: int, rate: float, seed: int
    ) -> np.ndarray:
        noisy, stream = labels.astype(np.int32), np.random.RandomState(seed)
        flipped = stream.permutation(len(noisy))[: round(rate * len(noisy))]
        noisy[flipped] = (noisy[flipped] + stream.randint(1, num_classes, len(flipped))) % num_classes
        return noisy

    return NoiseKind(symmetric.matrix, draw)
