"""Per-example losses, and the only place where a mask meets a loss."""

import chex
import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection


def cross_entropy(logits: Array, labels: Array) -> Array:
    """-log p[label]: f32[K, B, C], i32[B] -> f32[K, B] (nats)."""
    chex.assert_rank([logits, labels], [3, 1])
    # A where over a one-hot instead of a gather: its gradient is no scatter, and it fuses.
    given = jax.nn.one_hot(labels, logits.shape[-1], dtype=bool)[None]
    return -jnp.where(given, jax.nn.log_softmax(logits), 0.0).sum(-1)


def symmetric_kl(logits: Array) -> Array:
    """KL(p1||p2) + KL(p2||p1) = sum_c (p1 - p2)(log p1 - log p2): f32[2, B, C] -> f32[B] (nats).

    JoCoR (Wei et al. 2020), eq. 3. The closed form from log_softmax stays finite, and so does its gradient, where a
    KL with a softmax target underflows (logit gaps above 104 in float32).
    """
    chex.assert_rank(logits, 3)
    chex.assert_axis_dimension(logits, 0, 2)
    log_1, log_2 = jax.nn.log_softmax(logits)
    return ((jnp.exp(log_1) - jnp.exp(log_2)) * (log_1 - log_2)).sum(-1)


def from_uniform(log_p: Array) -> Array:
    """sum_c pi_c log(pi_c / mean p_c) of a whole batch, pi uniform: log probabilities f32[K, B, C] -> f32[K].

    By log-sum-exp, as the mean of a class may underflow.
    """
    _, size, classes = log_p.shape
    return (jnp.log(size / classes) - jax.nn.logsumexp(log_p, axis=1)).mean(-1)


def objective(selection: Selection) -> Array:
    """The masked sum of each row divided by its count: -> f32[G], differentiable.

    An empty row is 0 with a zero gradient; the optimizer still takes its step.
    """
    chex.assert_equal_shape([selection.loss, selection.mask])
    chex.assert_equal_shape_prefix([selection.loss, selection.denominator], 1)
    return jnp.where(selection.mask, selection.loss, 0.0).sum(-1) / jnp.maximum(selection.denominator, 1.0)
