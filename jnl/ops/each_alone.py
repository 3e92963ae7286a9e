"""Functions that `vmap` does not turn into one batched operation."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap

Result = TypeVar("Result", Array, tuple[Array, ...])


def each_alone(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return the function with another rule for `vmap`: one call for each entry, in value and gradient.

    Each call is a separate operation of one program. With `jax.custom_batching.sequential_vmap` the calls would run in
    a loop. The compiler can stack the results in the same kernel as the operation that follows.

    Args:
      function: a function of arrays that is linear in each of them, such as a product, and returns one array.
    """

    @jax.custom_vjp
    def call(*arguments: Array) -> Array:
        return _unrolled(function)(*arguments)

    def forward(*arguments: Array) -> tuple[Array, tuple[Array, ...]]:
        return call(*arguments), arguments

    def backward(arguments: tuple[Array, ...], gradient: Array) -> tuple[Array, ...]:
        return _unrolled(partial(_gradients, function))(*arguments, gradient)

    call.defvjp(forward, backward)
    return call


def _gradients(function: Callable[..., Array], *both: Array) -> tuple[Array, ...]:
    """Return the gradients of the arguments, which come first; the gradient of the result comes last."""
    *arguments, gradient = both

    def of(position: int) -> Array:
        def linear(argument: Array) -> Array:
            return function(*arguments[:position], argument, *arguments[position + 1 :])

        (found,) = jax.linear_transpose(linear, arguments[position])(gradient)
        return found

    return tuple(map(of, range(len(arguments))))


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
