"""Langevin adversarial sample search (Arpit et al. 2017, section 6.1 and algorithm 1).

An example is critical if the network predicts a different class for an input in a box of radius r around it. The
decision boundary is then near.
Departures: the search increases the margin by which another class wins, because the gradient of this margin does not
vanish where softmax saturates; step sizes are shares of the radius, and the noise is 0.8 of the step as published.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

LogitsFn = Callable[[Array], Array]  # f32[B, ...] -> logits f32[B, C]


class Search(NamedTuple):
    """The settings of a search."""

    radius: float  # radius of the box, in units of the inputs
    steps: int = 20
    step: float = 0.2  # size of a step along the sign of the gradient, as a share of the radius
    noise: float = 0.16  # standard deviation of the noise, as a share of the radius


def critical(predict_fn: LogitsFn, inputs: Array, key: Array, search: Search) -> Array:
    """Return which inputs are critical: whether the search finds an input of another class in the box.

    Args:
      predict_fn: f32[B, ...] -> logits f32[B, C].
      inputs: f32[B, ...].
      key: random key of the noise.
      search: the settings of the search.

    Returns:
      bool[B].
    """
    own = jax.nn.one_hot(predict_fn(inputs).argmax(-1), predict_fn(inputs).shape[-1], dtype=bool)

    def margin(x: Array) -> tuple[Array, Array]:
        logits = predict_fn(x)
        ahead = jnp.where(own, -jnp.inf, logits).max(-1) - jnp.where(own, logits, 0.0).sum(-1)
        return ahead.sum(), ahead

    def step(before: tuple[Array, Array], key: Array) -> tuple[tuple[Array, Array], None]:
        x, found = before
        gradient, ahead = jax.grad(margin, has_aux=True)(x)
        random = search.noise * jax.random.normal(key, x.shape)
        moved = x + search.radius * (search.step * jnp.sign(gradient) + random)
        return (jnp.clip(moved, inputs - search.radius, inputs + search.radius), found | (ahead > 0)), None

    start = inputs, jnp.zeros(len(inputs), bool)
    (x, found), _ = lax.scan(step, start, jax.random.split(key, search.steps))
    return found | (margin(x)[1] > 0)
