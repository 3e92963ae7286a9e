"""Total variation 0.5 * sum_c |p_1 - p_2| between the predictions of two networks. It is NaN for a single network.

This is the divergence in figure 1 of Co-teaching+ (Yu et al. 2019).
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.training.metric import Metric


def divergence() -> Metric:
    """Return the metric."""
    return Metric(per_example=per_example, caption="Divergence of the two networks (total variation)")


def per_example(logits: Array, labels: Array) -> Array:
    """Return the total variation of each example: f32[K, B, C], i32[B] -> f32[B]."""
    p = jax.nn.softmax(logits)
    return 0.5 * jnp.abs(p[0] - p[1]).sum(-1) if len(p) > 1 else jnp.full(p.shape[1:2], jnp.nan)
