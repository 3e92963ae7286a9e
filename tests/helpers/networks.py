"""Shapes and sizes of networks, without training any."""

import jax
import jax.numpy as jnp

from jnl import models

KEY = jax.random.key(0)


def abstract(name, classes, shape, dtype=jnp.float32, **options):
    """A network, and the form of its variables."""
    module = models.make(name, classes, **options)
    return module, jax.eval_shape(lambda: module.init(KEY, jnp.zeros((1, *shape), dtype), train=False))


def number(variables):
    """Of all parameters."""
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


def maps(name, shape, **options):
    """The shape of what each layer of a network gives."""
    module, variables = abstract(name, 10, shape, **options)
    see = lambda v: module.apply(v, jnp.zeros((1, *shape)), train=False, capture_intermediates=True)[1]  # noqa: E731
    return jax.tree.map(lambda leaf: leaf.shape[1:], jax.eval_shape(see, variables)["intermediates"])
