"""Mean objective over the batches; NaN where a logit is not finite."""

import jax.numpy as jnp
from jax import Array

from jnl.training.metric import BatchView, Metric


def train_loss() -> Metric:
    """Return the metric."""
    return Metric(per_batch, is_share=False)


def per_batch(batch: BatchView) -> tuple[Array, Array]:
    """Return numerator and denominator."""
    # Networks that are lost may still agree and give a finite objective, so the logits decide.
    finite = jnp.isfinite(batch.output.logits).all()
    return jnp.where(finite, batch.output.objective.mean(), jnp.nan), jnp.float32(1)
