"""Backward correction (Patrini et al. 2017, theorem 1): the losses of all classes are weighted by the inverse matrix.

L = -sum_c (T^-1)_y,c log p_c, unbiased, but unbounded below as the inverse has negative entries
(the pseudo-inverse, should two rows be equal). The matrix comes as in
`forward_correction`, whose header has the departures.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Strategy
from jnl.strategies._correction import correction


def backward_correction(
    estimation_epochs: int = 20, held_out: float = 0.1, percentile: int = 97, known_noise: bool = False
) -> Strategy:
    """`percentile` 100 is the published rule for CIFAR-100; `known_noise` takes the true matrix."""

    def loss(logits: Array, labels: Array, inverse: Array) -> Array:
        p = jnp.clip(jax.nn.softmax(logits[0]), 1e-7, 1 - 1e-7)
        return -(inverse[labels] * jnp.log(p)).sum(-1)[None]

    return correction(loss, jnp.linalg.pinv, estimation_epochs, held_out, percentile, known_noise)
