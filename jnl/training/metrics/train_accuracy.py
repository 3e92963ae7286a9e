"""Share of the training predictions that equal the noisy label, mean over networks."""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import BatchView, Metric


def train_accuracy() -> Metric:
    """Return the metric."""
    return Metric(per_batch)


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return the number of predictions that equal the noisy label, and the batch size: f32[] each."""
    return (batch.predictions == batch.labels).mean(0).sum(), jnp.float32(batch.labels.shape[1])
