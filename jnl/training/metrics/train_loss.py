"""Mean of the objective over the batches. It is NaN if a logit is not finite.

Three files use this metric to find the runs that have diverged: `training/epoch.py`, `experiment/loop.py` and
`experiment/summarize.py`.
"""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import BatchView, Metric


def train_loss() -> Metric:
    """Return the metric."""
    return Metric(per_batch, is_share=False)


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return the mean objective of the batch, and 1: f32[] each."""
    # Networks that have diverged may still agree and have a finite objective, so the logits are checked instead.
    finite = jnp.isfinite(batch.output.logits).all()
    return jnp.where(finite, batch.output.objective.mean(), jnp.nan), jnp.float32(1)
