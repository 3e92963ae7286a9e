"""Measure the limits of the machine: matrix products in each precision and copies, on all cores of a device."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jnl.benchmark.timing import repeat

SIDES = (512, 1024, 2048, 4096, 8192)  # sides of square matrices; a GPU needs large ones
# value of `config.precision` -> the precision that JAX is asked for
PRODUCTS = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "highest"}
MULTIPLICATIONS = 2**33  # at least so many for each measurement of a product
MEBIBYTES = (1, 16, 256)  # sizes of copied float32 arrays


class Limits(NamedTuple):
    """The best of the repetitions at each size, because interference can only make a measurement worse."""

    matmul: dict[str, dict[int, float]]  # precision -> side -> floating-point operations per second
    copy: dict[int, float]  # MiB -> bytes read and written per second

    def peak(self, precision: str) -> float:
        """Return the floating-point operations per second at the best size, for a value of `config.precision`.

        On a CPU only float32 is measured, and it is the limit for every precision. `auto` is TF32 on a GPU, and
        bfloat16 on a TPU.
        """
        by_itself = "bfloat16" if jax.default_backend() == "tpu" else "tf32"
        name = by_itself if precision == "auto" else precision
        return max(self.matmul.get(name, self.matmul["float32"]).values())


def measure(repetitions: int = 5) -> Limits:
    """Measure the limits of one device. CPU devices share the cores, so these are also the limits of the machine."""
    on_cpu = jax.default_backend() == "cpu"
    precisions, sides = (["float32"], SIDES[:-1]) if on_cpu else (list(PRODUCTS), SIDES)
    return Limits(
        {name: {side: _matmul(side, name, repetitions) for side in sides} for name in precisions},
        {size: _copy(size, repetitions) for size in MEBIBYTES},
    )


def _matmul(side: int, precision: str, repetitions: int) -> float:
    """Return the floating-point operations per second of products of matrices [side, side]."""
    dtype = jnp.bfloat16 if precision == "bfloat16" else jnp.float32
    matrix = jax.random.normal(jax.random.key(0), (side, side), dtype)
    number = max(1, MULTIPLICATIONS // side**3)
    product = jax.jit(lambda a, b: jax.lax.dot(a, b, precision=PRODUCTS[precision]))

    def many() -> None:
        result = matrix
        for _ in range(number):
            result = product(matrix, matrix)
        result.block_until_ready()

    many()
    return 2 * side**3 * number / repeat(many, repetitions).low


def _copy(mebibytes: int, repetitions: int) -> float:
    """Return the bytes per second that a copy of a float32 array reads and writes."""
    array = jnp.ones(mebibytes * 2**18, jnp.float32)
    number = max(1, 1024 // mebibytes)
    change = jax.jit(partial(jnp.add, 1.0), donate_argnums=0)

    def many(array: jax.Array) -> jax.Array:
        for _ in range(number):
            array = change(array)
        return array.block_until_ready()

    holder = [many(array)]

    def once() -> None:
        holder[0] = many(holder[0])

    return 2 * array.nbytes * number / repeat(once, repetitions).low
