"""Share of the selected examples whose label is true, mean over the rows of the mask."""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import BatchView, Metric


def label_precision() -> Metric:
    """Return the metric."""
    return Metric(per_batch, caption="Label precision: share of the selected with a true label")


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return the number of selected examples with a true label, and the number of selected examples: f32[] each.

    Examples whose truth is unknown do not count.
    """
    mask = batch.output.selection.mask & ~jnp.isnan(batch.is_clean)
    return jnp.where(mask, batch.is_clean, 0.0).sum() / len(mask), mask.sum() / len(mask)
