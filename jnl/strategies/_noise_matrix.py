"""Functions for strategies that apply a noise matrix to predictions."""

import jax
import jax.numpy as jnp
from jax import Array


def through(logits: Array, log_transition: Array, labels: Array) -> Array:
    """Return -log sum_i p_i T_i,label, computed by log-sum-exp so that it is numerically stable.

    Args:
      logits: f32[B, C].
      log_transition: log T, f32[C, C], or f32[B, C, C] with a matrix for each example.
      labels: i32[B].

    Returns:
      f32[B].
    """
    log_p = jax.nn.log_softmax(logits)
    if log_transition.ndim == 2:
        column = log_transition.T[labels]  # f32[B, C]
    else:
        column = jnp.take_along_axis(log_transition, labels[:, None, None], 2)[..., 0]
    return -jax.nn.logsumexp(log_p + column, axis=-1)


def estimate(p: Array, percentile: int) -> Array:
    """Estimate the noise matrix by eq. 12 of Patrini et al. 2017.

    Row i is the prediction for the example with the highest probability p_i of class i. To leave out outliers, only
    examples with p_i strictly below the percentile of p_i are considered, where the percentile is the nearest higher
    value. This would leave out most or all examples of a class with few of them, and the row would be that of another
    class. So all examples are considered for a class that is predicted for less than 1.5 times as many as are left out.

    Args:
      p: f32[N, C] probabilities of the noisy labels.
      percentile: the percentile, in percent; 100 considers all examples.

    Returns:
      f32[C, C], rows sum to 1.
    """
    numbers = jnp.zeros(p.shape[1]).at[p.argmax(1)].add(1.0)

    def row(column: Array, number: Array) -> Array:
        if percentile < 100:
            limit = jnp.sort(column)[-(-percentile * (len(column) - 1) // 100)]
            few = number < 1.5 * (1 - percentile / 100) * len(column)
            column = jnp.where((column < limit) | few, column, -1.0)
        found = p[column.argmax()]
        return found / found.sum()

    return jax.vmap(row, in_axes=(1, 0))(p, numbers)


def confusion(logits: Array, labels: Array, counts_in: Array) -> Array:
    """Return the share of examples with label j among the examples with predicted class i, as row i and column j.

    Args:
      logits: f32[N, C].
      labels: i32[N].
      counts_in: bool[N], which examples to count.

    Returns:
      f32[C, C]. The row of a class that is never predicted is 0.
    """
    classes = logits.shape[-1]
    counts = jnp.zeros((classes, classes)).at[logits.argmax(-1), labels].add(jnp.where(counts_in, 1.0, 0.0))
    return counts / jnp.maximum(counts.sum(1, keepdims=True), 1.0)
