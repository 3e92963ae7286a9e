"""Counts of the floating-point operations of a function, without compiling or running it.

Only matrix products and convolutions are counted.
"""

import math
import time
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var


def count(function: Callable[..., object], *arguments: object) -> int:
    """Return the number of floating-point operations of a call of `function` with these arguments.

    A product of m x k and k x n matrices counts 2 m n k, a convolution counts like the matrix product that it equals,
    and everything else counts 0. A scan counts its body once for each of its steps, a conditional counts its most
    expensive branch.
    """
    return _jaxpr(jax.make_jaxpr(function)(*arguments).jaxpr)


def per_second() -> float:
    """Measure the floating-point operations per second of a matrix product on one device.

    This is the best of three products of 1024 x 1024 matrices. CPU devices share the cores.
    """
    side = 1024
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
    """Return the number of operations of a jaxpr."""
    return sum(map(_equation, jaxpr.eqns))


def _equation(equation: JaxprEqn) -> int:
    """Return the number of operations of one equation, including the jaxprs inside it."""
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
    """Yield the jaxprs in a parameter of an equation."""
    for part in value if isinstance(value, tuple | list) else [value]:
        if isinstance(part, ClosedJaxpr | Jaxpr):
            yield part.jaxpr if isinstance(part, ClosedJaxpr) else part
