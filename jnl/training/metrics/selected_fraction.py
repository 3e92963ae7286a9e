"""Share of the examples that are selected, mean over the rows of the mask."""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import BatchView, Metric


def selected_fraction() -> Metric:
    """Return the metric."""
    return Metric(per_batch, caption="Share selected")


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return the number of selected examples and the batch size: f32[] each."""
    mask = batch.output.selection.mask
    return mask.sum() / len(mask), jnp.float32(batch.labels.shape[1])
