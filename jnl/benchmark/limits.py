"""What the machine itself can do: matrix products and copies at several sizes, on all of a device's cores."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jnl.benchmark.timing import repeat

SIDES = (512, 1024, 2048, 4096)  # of square float32 matrices
MEBIBYTES = (1, 16, 256)  # of copied float32 arrays


class Limits(NamedTuple):
    """The best of the repetitions at each size: interference only ever makes it worse."""

    matmul: dict[int, float]  # side -> floating-point operations per second
    copy: dict[int, float]  # MiB -> bytes read and written per second

    @property
    def peak(self) -> float:
        """Floating-point operations per second at the best size."""
        return max(self.matmul.values())


def measure(repetitions: int = 5) -> Limits:
    """The limits of one device; CPU devices share the cores, so one device's limit is the machine's."""
    return Limits(
        {side: _matmul(side, repetitions) for side in SIDES},
        {size: _copy(size, repetitions) for size in MEBIBYTES},
    )


def _matmul(side: int, repetitions: int) -> float:
    matrix = jax.random.normal(jax.random.key(0), (side, side))
    number = max(1, 2**33 // side**3)
    product = jax.jit(lambda a, b: jax.lax.dot(a, b, precision="highest"))

    def many() -> None:
        result = matrix
        for _ in range(number):
            result = product(matrix, matrix)
        result.block_until_ready()

    many()
    return 2 * side**3 * number / repeat(many, repetitions).low


def _copy(mebibytes: int, repetitions: int) -> float:
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
