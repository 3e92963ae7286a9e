"""The division of DivideMix: which examples keep their labels, and the draw of both kinds for a step."""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.memory import Arrays
from jnl.ops.gaussian_mixture import chance_of_lower
from jnl.ops.losses import cross_entropy


def divide(memory: Arrays, logits: Array, labels: Array, epochs: Array, threshold: float | Array) -> Arrays:
    """Return the memory with a new division.

    Args:
      memory: the memory of the last division.
      logits: f32[2, N, C] of all examples.
      labels: i32[N].
      epochs: i32[] number of divisions whose losses are averaged, with this one.
      threshold: see `dividemix`.
    """
    loss, trains = cross_entropy(logits, labels), memory["trains"]
    low = jnp.where(trains[None], loss, jnp.inf).min(1, keepdims=True)
    high = jnp.where(trains[None], loss, -jnp.inf).max(1, keepdims=True)
    scaled = (loss - low) / jnp.where(high > low, high - low, 1.0)
    losses = jnp.concatenate([memory["losses"][1:], scaled[None]])
    clean = jax.vmap(chance_of_lower, (0, None))(losses.sum(0) / epochs, trains)
    rank = jnp.where(trains[None], jnp.where(clean[::-1] > threshold, 0, 1), 2)
    order = jnp.argsort(rank, axis=1).astype(jnp.int32)
    return memory | {"clean": clean, "losses": losses, "order": order, "logits": logits}


def draw_halves(memory: Arrays, keys: Array, half: int, threshold: float | Array) -> tuple[Array, Array]:
    """Draw examples for each network: i32[2, half] that keep their label, and i32[2, half] that do not."""
    trains = memory["trains"]
    kept = ((memory["clean"][::-1] > threshold) & trains[None]).sum(1)  # i32[2], by the other network's w

    def draw(key: Array, first: Array, number: Array) -> Array:
        # If there are no examples of this kind, those of the other kind take their place.
        first, number = jnp.where(number > 0, first, 0), jnp.where(number > 0, number, trains.sum())
        lots = first[:, None] + (jax.random.uniform(key, (2, half)) * number[:, None]).astype(jnp.int32)
        position = jnp.minimum(lots, trains.sum() - 1)
        return jnp.take_along_axis(memory["order"], position, 1)

    return draw(keys[0], jnp.zeros_like(kept), kept), draw(keys[1], kept, trains.sum() - kept)
