"""From stored bytes to network inputs, inside the compiled program."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.errors import UserError, unknown


def to_float(inputs: Array) -> Array:
    """u8[B, H, W, channels] -> f32 in [0, 1], with no normalisation (as published); f32 features pass unchanged."""
    return inputs.astype(jnp.float32) / 255.0 if inputs.dtype == jnp.uint8 else inputs


def none(key: Array, inputs: Array) -> Array:
    """As stored, as the co-teaching papers do."""
    return to_float(inputs)


def crop_flip(key: Array, inputs: Array) -> Array:
    """Each image shifted by up to 4 pixels into black, and mirrored half of the time."""
    if inputs.ndim != 4:
        raise UserError("config.augment: crop_flip wants images; use none")
    key = jax.random.fold_in(key, 1)  # dropout has the key itself
    where, mirror = jax.random.split(key)
    size, pad = inputs.shape[1:3], 4
    padded = jnp.pad(inputs, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    shifts = jax.random.randint(where, (len(inputs), 2), 0, 2 * pad + 1)

    def crop(image: Array, shift: Array) -> Array:
        return lax.dynamic_slice(image, (shift[0], shift[1], 0), (*size, image.shape[-1]))

    cropped = jax.vmap(crop)(padded, shifts)
    flip = jax.random.bernoulli(mirror, shape=(len(inputs),)).reshape(-1, 1, 1, 1)
    return to_float(jnp.where(jnp.broadcast_to(flip, cropped.shape), cropped[:, :, ::-1], cropped))


_KINDS = {"none": none, "crop_flip": crop_flip}


def named(name: str) -> Callable[[Array, Array], Array]:
    """(key, stored inputs) -> f32[B, ...].

    Raises:
      UserError: an unknown name.
    """
    if name not in _KINDS:
        raise unknown("config.augment", name, sorted(_KINDS))
    return _KINDS[name]


def mixup(key: Array, concentration: float | Array, inputs: Array, targets: Array) -> tuple[Array, Array]:
    """Each row mixed with another one, f32[B, ...] and f32[B, C]: of one share for the batch, Beta(c, c), at least half
    of a row is its own (Zhang et al. 2018, as DivideMix and ELR+ use it).
    """
    of_share, of_order = jax.random.split(key)
    share = jax.random.beta(of_share, concentration, concentration)
    share = jnp.maximum(share, 1 - share)
    order = jax.random.permutation(of_order, len(inputs))
    return share * inputs + (1 - share) * inputs[order], share * targets + (1 - share) * targets[order]
