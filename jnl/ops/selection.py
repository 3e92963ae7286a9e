"""Which examples train: masks of static shape instead of index lists, so that one program serves every count."""

import chex
import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.strategy import Selection


def small_loss(loss: Array, keep: Array, eligible: Array | None = None) -> Array:
    """The `keep` smallest of each row among the eligible: f32[G, B], i32[], bool[B] -> bool[G, B].

    Ties go to the lower batch position; NaN sorts last. No gradient passes.
    """
    chex.assert_rank(loss, 2)
    if eligible is None:
        eligible = jnp.ones(loss.shape[-1:], bool)
    return jax.vmap(_smallest, (0, None, None))(lax.stop_gradient(loss), keep, eligible)


def _smallest(loss: Array, keep: Array, eligible: Array) -> Array:
    position = jnp.arange(loss.shape[0])
    *_, order = lax.sort((~eligible, loss, position), num_keys=2, is_stable=True)
    return jnp.zeros_like(eligible).at[order].set(position < keep, unique_indices=True) & eligible


def disagree(logits: Array) -> Array:
    """Where the predictions of two networks differ: f32[2, B, C] -> bool[B]."""
    chex.assert_rank(logits, 3)
    chex.assert_axis_dimension(logits, 0, 2)
    first, second = logits.argmax(-1)
    return first != second


def masked_mean(loss: Array, mask: Array, count: Array | None = None, eligible: Array | None = None) -> Selection:
    """The plain mean over the masked examples: f32[G, B], bool[G, B] -> Selection; `count` divides instead if given.

    `eligible`, bool[B], says among which examples the mask chose, if not among all.
    """
    mask = jnp.broadcast_to(mask, loss.shape)
    count = mask.sum(-1) if count is None else jnp.broadcast_to(count, loss.shape[:1])
    return Selection(loss, mask, count.astype(jnp.float32), eligible=eligible)


def balanced(labels: Array) -> Array:
    """Positions that give every class that is there the same number, in turn: i32[N] -> i32[N].

    Classes with more examples lose some, those with fewer repeat theirs from the start. Class-balanced sampling as for
    Clothing1M (Li et al. 2020, section 4.1).
    """
    order = jnp.argsort(labels, stable=True)
    first = jnp.diff(labels[order], prepend=-1) != 0  # of each class, in the sorted order
    classes = first.sum()
    begins = jnp.sort(jnp.where(first, jnp.arange(len(labels)), len(labels)))  # the first `classes` of them count
    turn = jnp.arange(len(labels))
    begin, end = begins[turn % classes], jnp.append(begins, len(labels))[turn % classes + 1]
    return order[begin + turn // classes % (end - begin)]
