"""Floating-point operations of matrix products and convolutions, counted in a program before it is compiled."""

import math
import time
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var


def count(function: Callable[..., object], *arguments: object) -> int:
    """2 m n k of every matrix product of `function`, loops included; all else is left out."""
    return _jaxpr(jax.make_jaxpr(function)(*arguments).jaxpr)


def per_second(side: int = 1024) -> float:
    """The speed of a matrix product on one device, the best of three; CPU devices share the cores."""
    square = jnp.ones((side, side))
    product = jax.jit(jnp.matmul)
    product(square, square).block_until_ready()
    best = math.inf
    for _ in range(3):
        begin = time.perf_counter()
        product(square, square).block_until_ready()
        best = min(best, time.perf_counter() - begin)
    return 2 * side**3 / best


def _jaxpr(jaxpr: Jaxpr) -> int:
    return sum(map(_equation, jaxpr.eqns))


def _equation(equation: JaxprEqn) -> int:
    name, parameters = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = parameters["dimension_numbers"]
        left = _shape(equation.invars[0])
        return 2 * math.prod(_shape(equation.outvars[0])) * math.prod(left[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel, out_features = _shape(equation.invars[1]), parameters["dimension_numbers"].rhs_spec[0]
        return 2 * math.prod(_shape(equation.outvars[0])) * math.prod(kernel) // kernel[out_features]
    inner = [_jaxpr(part) for value in parameters.values() for part in _parts(value)]
    if name == "cond":
        return max(inner)
    return sum(inner) * (parameters["length"] if name == "scan" else 1)


def _shape(variable: Var | Literal) -> tuple[int, ...]:
    assert isinstance(variable.aval, jax.core.ShapedArray)
    return variable.aval.shape


def _parts(value: object) -> Iterator[Jaxpr]:
    for part in value if isinstance(value, tuple | list) else [value]:
        if isinstance(part, ClosedJaxpr | Jaxpr):
            yield part.jaxpr if isinstance(part, ClosedJaxpr) else part
