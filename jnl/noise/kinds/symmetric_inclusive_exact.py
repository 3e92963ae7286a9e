"""Exactly int(rate N) labels are drawn anew from all classes, so that a share (C - 1) / C of them is wrong then.

DivideMix, ELR and SOP draw like this; their bits cannot be repeated, as their streams have no seed.
"""

import numpy as np
from jax import Array

from jnl.noise.kind import NoiseKind
from jnl.noise.kinds import symmetric_inclusive


def symmetric_inclusive_exact() -> NoiseKind:
    """Return the noise. Its expected matrix is the matrix of `symmetric_inclusive`."""

    def draw(
        labels: np.ndarray, inputs: np.ndarray | Array | None, num_classes: int, rate: float, seed: int
    ) -> np.ndarray:
        noisy, stream = labels.astype(np.int32), np.random.RandomState(seed)
        drawn = stream.permutation(len(noisy))[: int(rate * len(noisy))]
        noisy[drawn] = stream.randint(0, num_classes, len(drawn))
        return noisy

    return NoiseKind(symmetric_inclusive.matrix, draw)
