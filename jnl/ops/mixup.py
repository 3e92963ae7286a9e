"""MixUp (Zhang et al. 2018): mix the rows of a batch, and their targets in the same way."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from jnl.support.errors import UserError

Mixing = Callable[[Array], Array]  # f32[B, ...] -> f32[B, ...]


def mixture(key: Array, concentration: float | Array, size: int, mostly_own: bool = False) -> Mixing:
    """Return a function that mixes each row of a batch with another row of the batch (Zhang et al. 2018).

    Args:
      key: random key.
      concentration: c; one share from Beta(c, c) is used for all rows. The row's own weight is the share.
      size: B.
      mostly_own: use max(share, 1 - share) as the row's own weight.

    Returns:
      A function f32[B, ...] -> f32[B, ...] that mixes the same rows in each call. It raises `UserError` for tokens.
    """
    of_share, of_order = jax.random.split(key)
    share = jax.random.beta(of_share, concentration, concentration)
    if mostly_own:
        share = jnp.maximum(share, 1 - share)
    order = jax.random.permutation(of_order, size)

    def mix(rows: Array) -> Array:
        if not jnp.issubdtype(rows.dtype, jnp.floating):
            raise UserError("strategy.name: this method mixes inputs, but tokens cannot be mixed; use another method")
        return share * rows + (1 - share) * rows[order]

    return mix


def mixup(key: Array, concentration: float | Array, inputs: Array, targets: Array) -> tuple[Array, Array]:
    """Mix inputs f32[B, ...] and targets f32[B, C] with the same rows and share, as in DivideMix and ELR+.

    Each row keeps a weight of at least one half. See `mixture`.
    """
    mix = mixture(key, concentration, len(inputs), mostly_own=True)
    return mix(inputs), mix(targets)
