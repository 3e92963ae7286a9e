"""Exactly int(rate N) labels are drawn again from all C classes.

A label can be drawn as its own class, so only a share (C - 1) / C of the drawn labels is wrong. DivideMix, ELR and SOP
draw like this. Their labels cannot be reproduced bit for bit, because their random numbers have no seed.
"""

import numpy as np
from jax import Array

from jnl.noise.kind import NoiseKind
from jnl.noise.kinds import symmetric_inclusive


def symmetric_inclusive_exact() -> NoiseKind:
    """Return the noise. Its expected transition matrix is the matrix of `symmetric_inclusive`."""

    def draw(
        labels: np.ndarray, inputs: np.ndarray | Array | None, num_classes: int, rate: float, seed: int
    ) -> np.ndarray:
        noisy, stream = labels.astype(np.int32), np.random.RandomState(seed)
        drawn = stream.permutation(len(noisy))[: int(rate * len(noisy))]
        noisy[drawn] = stream.randint(0, num_classes, len(drawn))
        return noisy

    return NoiseKind(symmetric_inclusive.matrix, draw)
