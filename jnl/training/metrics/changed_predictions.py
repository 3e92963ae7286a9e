"""Share of the training predictions that differ from the last prediction for the same example, mean over networks.

This is the number of prediction changes of Label Wave (Yuan et al. 2024), as a share. It is NaN in the first epoch,
unless a method trains on an example twice in it.
"""

from jax import Array

from jnl.training.metric import BatchView, Metric


def changed_predictions() -> Metric:
    """Return the metric."""
    return Metric(per_batch)


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return the number of changed predictions, and of examples that were predicted before: f32[] each."""
    known = batch.previous >= 0
    return (known & (batch.previous != batch.predictions)).mean(0).sum(), known.mean(0).sum()
