"""Total variation 0.5 * sum_c |p_1 - p_2| between two networks; NaN for a single one.

It is the divergence of Co-teaching+ (Yu et al. 2019), figure 1.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.training.metric import Metric


def divergence() -> Metric:
    """Return the metric."""
    return Metric(per_example=per_example, caption="Divergence of the two networks (total variation)")


def per_example(logits: Array, labels: Array) -> Array:
    """f32[K, B, C], i32[B] -> f32[B]."""
    p = jax.nn.softmax(logits)
    return 0.5 * jnp.abs(p[0] - p[1]).sum(-1) if len(p) > 1 else jnp.full(p.shape[1:2], jnp.nan)
