"""Losses of each example, and the objective, which combines a loss with the mask of the selected examples."""

import chex
import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection
from jnl.support.errors import UserError, check_shape

__all__ = ["cross_entropy", "objective", "symmetric_kl", "uniform_kl"]


def __dir__() -> list[str]:
    return __all__


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Return the cross entropy -log p[label] of each example: f32[K, B, C], i32[B] -> f32[K, B] (nats).

    A label that is no class has NaN.

    Raises:
      UserError: if a shape is wrong, or the labels are not whole numbers.
    """
    logits, labels = jnp.asarray(logits), jnp.asarray(labels)  # these may be lists
    check_shape("logits", logits.shape, "[K, B, C]")
    check_shape("labels", labels.shape, "[B]")
    if len(labels) != logits.shape[1]:
        raise UserError(f"labels: {len(labels)} for the {logits.shape[1]} examples of the logits; give one for each")
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise UserError(f"labels: of type {labels.dtype}; give whole numbers from 0")
    # XLA can fuse a `where` over a one-hot array, and its gradient needs no scatter; a gather has neither advantage.
    given = jax.nn.one_hot(labels, logits.shape[-1], dtype=bool)[None]
    loss = -jnp.where(given, jax.nn.log_softmax(logits), 0.0).sum(-1)
    return jnp.where((labels >= 0) & (labels < logits.shape[-1]), loss, jnp.nan)


def symmetric_kl(logits: Array) -> Array:
    """Return the symmetric KL divergence of two networks: f32[2, B, C] -> f32[B] (nats).

    KL(p1||p2) + KL(p2||p1) = sum_c (p1 - p2)(log p1 - log p2), JoCoR (Wei et al. 2020), eq. 3. This closed form uses
    log_softmax, so the divergence and its gradient stay finite. A KL divergence with a softmax target underflows for
    logit differences above 104 in float32.
    """
    check_shape("logits", logits.shape, "[2, B, C]")
    log_1, log_2 = jax.nn.log_softmax(logits)
    return ((jnp.exp(log_1) - jnp.exp(log_2)) * (log_1 - log_2)).sum(-1)


def uniform_kl(log_p: Array) -> Array:
    """Return the KL divergence of the mean prediction of a batch from the uniform distribution: f32[K, B, C] -> f32[K].

    It is sum_c pi_c log(pi_c / mean p_c) with pi_c = 1 / C. The argument holds log probabilities, and the mean is a
    log-sum-exp, because the mean probability of a class may underflow.
    """
    _, size, classes = log_p.shape
    return (jnp.log(size / classes) - jax.nn.logsumexp(log_p, axis=1)).mean(-1)


def objective(selection: Selection) -> Array:
    """Return the masked sum of each loss row divided by its denominator, but at least by 1: -> f32[G], differentiable.

    A row without masked examples gives 0 with a zero gradient; the optimizer still takes its step. That is why the
    divisor is at least 1: a denominator that is a sum of weights and below 1 gives a smaller objective than the
    weighted mean.
    """
    chex.assert_equal_shape([selection.loss, selection.mask])
    chex.assert_equal_shape_prefix([selection.loss, selection.denominator], 1)
    return jnp.where(selection.mask, selection.loss, 0.0).sum(-1) / jnp.maximum(selection.denominator, 1.0)
