"""What the strategies share that send predictions through a noise matrix."""

import jax
import jax.numpy as jnp
from jax import Array


def through(logits: Array, log_transition: Array, labels: Array) -> Array:
    """-log sum_i p_i T_i,label: f32[B, C], f32[C, C] or f32[B, C, C], i32[B] -> f32[B], stable by log-sum-exp."""
    log_p = jax.nn.log_softmax(logits)
    if log_transition.ndim == 2:
        column = log_transition.T[labels]  # f32[B, C]
    else:
        column = jnp.take_along_axis(log_transition, labels[:, None, None], 2)[..., 0]
    return -jax.nn.logsumexp(log_p + column, axis=-1)


def estimate(p: Array, percentile: int) -> Array:
    """The noise matrix from probabilities f32[N, C] of noisy labels: Patrini et al. 2017, eq. 12.

    Row i is the prediction at the example surest of class i; to leave out outliers, that is the surest strictly below
    the `percentile`-th percentile of p_i (the nearest higher value), or of all for 100.
    """

    def row(column: Array) -> Array:
        if percentile < 100:
            limit = jnp.sort(column)[-(-percentile * (len(column) - 1) // 100)]
            column = jnp.where(column < limit, column, -1.0)
        found = p[column.argmax()]
        return found / found.sum()

    return jax.vmap(row, in_axes=1)(p)


def confusion(logits: Array, labels: Array, counts_in: Array) -> Array:
    """How often label j is given where class i is predicted, rows normalized.

    f32[N, C], i32[N], bool[N] which examples to count -> f32[C, C].
    """
    classes = logits.shape[-1]
    counts = jnp.zeros((classes, classes)).at[logits.argmax(-1), labels].add(jnp.where(counts_in, 1.0, 0.0))
    return counts / jnp.maximum(counts.sum(1, keepdims=True), 1.0)
