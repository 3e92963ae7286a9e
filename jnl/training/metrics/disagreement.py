"""Share of the test examples for which two networks predict different classes. It is NaN for a single network."""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import Metric


def disagreement() -> Metric:
    """Return the metric."""
    return Metric(per_example=per_example, caption="Disagreement of the two networks")


def per_example(logits: Array, labels: Array) -> Array:
    """Return 1 where the predictions differ: f32[K, B, C], i32[B] -> f32[B]."""
    prediction = logits.argmax(-1)
    if len(prediction) < 2:
        return jnp.full(prediction.shape[1:], jnp.nan)
    return (prediction[0] != prediction[1]).astype(jnp.float32)
