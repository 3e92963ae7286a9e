"""Test accuracy of the mean of the logits of all networks."""

from jax import Array

from jnl.training.metric import Metric


def ensemble_accuracy() -> Metric:
    """Return the metric."""
    return Metric(per_example=per_example, min_networks=2)


def per_example(logits: Array, labels: Array) -> Array:
    """Return 1 where the ensemble is right: f32[K, B, C], i32[B] -> f32[B]."""
    return (logits.mean(0).argmax(-1) == labels).astype(logits.dtype)
