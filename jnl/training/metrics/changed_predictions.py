"""Share of predictions in training that differ from those of the epoch before, mean over networks.

These are the prediction changes of Label Wave (Yuan et al. 2024). They are NaN in the first epoch.
"""

from jax import Array

from jnl.training.metric import BatchView, Metric


def changed_predictions() -> Metric:
    """Return the metric."""
    return Metric(per_batch)


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return numerator and denominator."""
    known = batch.previous >= 0
    return (known & (batch.previous != batch.predictions)).mean(0).sum(), known.mean(0).sum()
