"""Share of the examples with a true label that are selected, mean over the rows of the mask."""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import BatchView, Metric


def label_recall() -> Metric:
    """Return the metric."""
    return Metric(per_batch)


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return the number of selected examples with a true label, and of all examples with a true label: f32[] each.

    Examples whose truth is unknown do not count.
    """
    mask, is_clean = batch.output.selection.mask, jnp.nan_to_num(batch.is_clean)
    return jnp.where(mask, is_clean, 0.0).sum() / len(mask), is_clean.mean(0).sum()
