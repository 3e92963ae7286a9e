"""Langevin adversarial sample search (Arpit et al. 2017, section 6.1 and algorithm 1).

An example is critical if an input within a box of radius r around it gets another class: the decision boundary is near.
Departures: steps up the margin by which another class wins, whose gradient does not vanish where softmax saturates; the
steps are shares of the radius, with the noise at the published 0.8 of the step.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

Say = Callable[[Array], Array]  # f32[B, ...] -> logits f32[B, C]


class Search(NamedTuple):
    """How to search."""

    radius: float  # of the box, in units of the inputs
    steps: int = 20
    step: float = 0.2  # of the radius, along the sign of the gradient
    noise: float = 0.16  # of the radius, standard deviation


def critical(predict_fn: Say, inputs: Array, key: Array, search: Search) -> Array:
    """f32[B, ...] -> bool[B]: those for which an input of another class was found."""
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
