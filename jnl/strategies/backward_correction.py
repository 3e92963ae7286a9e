"""Backward correction (Patrini et al. 2017, theorem 1): the inverse noise matrix weights the losses of all classes.

L = -sum_c (T^-1)_y,c log p_c. This loss is unbiased, but not bounded below, because the inverse has negative entries.
If T has no inverse (two rows are equal), the pseudo-inverse is used. T is estimated as in `forward_correction.py`.
Departures: those of `forward_correction`.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Strategy
from jnl.strategies._correction import correction


def backward_correction(
    estimation_epochs: int = 20, held_out: float = 0.1, percentile: int = 97, known_noise: bool = False
) -> Strategy:
    """Weight the losses of all classes by the inverse noise matrix. `forward_correction` explains the arguments."""

    def loss(logits: Array, labels: Array, inverse: Array) -> Array:
        p = jnp.clip(jax.nn.softmax(logits[0]), 1e-7, 1 - 1e-7)
        return -(inverse[labels] * jnp.log(p)).sum(-1)[None]

    return correction(loss, jnp.linalg.pinv, estimation_epochs, held_out, percentile, known_noise)
