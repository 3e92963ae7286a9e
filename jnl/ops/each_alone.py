"""Functions that `vmap` does not turn into one batched operation."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap

Result = TypeVar("Result", Array, tuple[Array, ...])


def each_alone(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return the function with another rule for `vmap`: one call for each entry, in value and gradient.

    The calls are separate operations of one program, unlike those of `jax.custom_batching.sequential_vmap`, which run
    in a loop. The compiler joins the stacking of their results with what follows.

    Args:
      function: a differentiable function of arrays, which returns one array.
    """

    @jax.custom_vjp
    def call(*arguments: Array) -> Array:
        return _unrolled(function)(*arguments)

    def forward(*arguments: Array) -> tuple[Array, tuple[Array, ...]]:
        return call(*arguments), arguments

    def backward(arguments: tuple[Array, ...], gradient: Array) -> tuple[Array, ...]:
        def one(*both: Array) -> tuple[Array, ...]:
            return jax.vjp(function, *both[:-1])[1](both[-1])

        return _unrolled(one)(*arguments, gradient)

    call.defvjp(forward, backward)
    return call


def _unrolled(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return the function with this rule, but without a gradient."""
    alone = custom_vmap(function)

    @alone.def_vmap
    def rule(size: int, batched: list[bool], *arguments: Array) -> tuple[Result, Result]:
        results = [
            alone(*(a[entry] if there else a for a, there in zip(arguments, batched, strict=True)))
            for entry in range(size)
        ]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *results)
        return stacked, jax.tree.map(lambda leaf: True, stacked)

    return alone
