"""The selection of the examples that train.

Masks with a static shape take the place of index lists, so that one compiled program works for any number of examples.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.strategy import Selection
from jnl.support.errors import UserError, check_shape

__all__ = ["balanced", "checked", "disagree", "masked_mean", "small_loss"]


def __dir__() -> list[str]:
    return __all__


def small_loss(loss: Array, keep: Array, eligible: Array | None = None) -> Array:
    """Select the eligible examples with the smallest losses.

    If losses are equal, the example with the lower batch position comes first. NaN comes last. No gradient passes.

    Args:
      loss: f32[G, B].
      keep: i32[], number of examples to select in each row.
      eligible: bool[B], examples that can be selected; None means all.

    Returns:
      bool[G, B].
    """
    check_shape("loss", loss.shape, "[G, B]")
    if eligible is None:
        eligible = jnp.ones(loss.shape[-1:], bool)
    return jax.vmap(_smallest, (0, None, None))(lax.stop_gradient(loss), keep, eligible)


def _smallest(loss: Array, keep: Array, eligible: Array) -> Array:
    """Apply `small_loss` to one row: f32[B], i32[], bool[B] -> bool[B]."""
    position = jnp.arange(loss.shape[0])
    *_, order = lax.sort((~eligible, loss, position), num_keys=2, is_stable=True)
    return jnp.zeros_like(eligible).at[order].set(position < keep, unique_indices=True) & eligible


def disagree(logits: Array) -> Array:
    """Select the examples for which the predictions of two networks differ: f32[2, B, C] -> bool[B]."""
    check_shape("logits", logits.shape, "[2, B, C]")
    first, second = logits.argmax(-1)
    return first != second


def masked_mean(
    loss: Array, mask: Array | None = None, denominator: Array | None = None, eligible: Array | None = None
) -> Selection:
    """Return the selection whose objective is the mean loss of the masked examples.

    Args:
      loss: f32[G, B].
      mask: bool[G, B], or a shape that broadcasts to it; None means all examples.
      denominator: f32[G] or f32[], divisor of the masked sum; None means the number of masked examples. A denominator
        below 1 counts as 1, so scale weights whose sum may be smaller, for example to a mean of 1.
      eligible: bool[B], examples among which the mask chose; None means all.

    Returns:
      The selection, with a loss f32[G, B], a mask bool[G, B] and a denominator f32[G].

    Raises:
      UserError: if the loss has another shape, or the mask is not bool. The loss would take every number but 0 for
        True, and the metrics would sum the numbers.
    """
    if loss.ndim != 2:
        raise UserError(
            f"masked_mean: the loss has the shape {list(loss.shape)}; give [G, B], one value for each row and example "
            "(masked_mean computes their mean)"
        )
    mask = jnp.ones(loss.shape, bool) if mask is None else jnp.broadcast_to(mask, loss.shape)
    _check_mask(mask, "masked_mean")
    denominator = mask.sum(-1) if denominator is None else jnp.broadcast_to(denominator, loss.shape[:1])
    return Selection(loss, mask, denominator.astype(jnp.float32), eligible=eligible)


def checked(returned: object, logits: Array) -> Selection:
    """Return what a `select` function has returned for logits f32[K, B, C], if it is a selection of the right shapes.

    Raises:
      UserError: if it is something else, such as the loss alone, if its mask is not bool, or if a shape is wrong.
    """
    if not isinstance(returned, Selection):
        shape = getattr(returned, "shape", None)
        what = f"a {type(returned).__name__}" if shape is None else f"an array of shape {shape}"
        raise UserError(f"select must return a Selection, such as masked_mean(loss, mask); it returned {what}")
    _check_mask(returned.mask, "select")
    (nets, batch), shapes = logits.shape[:2], [array.shape for array in returned[:3]]
    if shapes not in ([(rows, batch), (rows, batch), (rows,)] for rows in {1, nets}):
        loss, mask, denominator = map(list, shapes)
        raise UserError(
            f"select returned a loss of shape {loss}, a mask of shape {mask} and a denominator of shape {denominator} "
            f"for logits of K = {nets} networks and B = {batch} examples; return the shapes [K, B], [K, B] and [K], or "
            "1 in place of K for a loss that the networks share"
        )
    return returned


def _check_mask(mask: Array, where: str) -> None:
    """Raise `UserError` if weights stand in place of a mask."""
    if mask.dtype != bool:
        raise UserError(f"{where}: the mask must be bool, not {mask.dtype}; multiply the loss by the weights instead")


def balanced(labels: Array) -> Array:
    """Return positions of examples such that all classes in the labels appear equally often: i32[N] -> i32[N].

    The classes take turns. A class with too many examples loses some; a class with too few repeats its examples from
    the start. This is the class-balanced sampling for Clothing1M (Li et al. 2020, section 4.1).
    """
    order = jnp.argsort(labels, stable=True)
    first = jnp.diff(labels[order], prepend=-1) != 0  # whether an example is the first of its class in the sorted order
    classes = first.sum()
    begins = jnp.sort(jnp.where(first, jnp.arange(len(labels)), len(labels)))  # only the first `classes` entries count
    turn = jnp.arange(len(labels))
    begin, end = begins[turn % classes], jnp.append(begins, len(labels))[turn % classes + 1]
    return order[begin + turn // classes % (end - begin)]
