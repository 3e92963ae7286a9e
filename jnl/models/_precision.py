"""The precision of a network's arithmetic. Weights, statistics of batch norm and everything outside it stay float32."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

PRECISIONS = ["auto", "float32", "tf32", "bfloat16"]
AnyTree = TypeVar("AnyTree")


def products(precision: str) -> AbstractContextManager[None]:
    """Return the context in which products of float32 arrays have a precision, one of `PRECISIONS`.

    `auto` is the device's own choice: TF32 on NVIDIA GPUs since Ampere, bfloat16 on TPUs, float32 on a CPU. TF32 keeps
    10 of 23 bits of the numbers that are multiplied, and sums in float32.
    """
    names = {"float32": "float32", "tf32": "tensorfloat32"}
    return jax.default_matmul_precision(names[precision]) if precision in names else nullcontext()


def lower(precision: str) -> Callable[[AnyTree], AnyTree]:
    """Return the function that converts the float32 arrays of a tree to bfloat16, if that is the precision."""
    return _conversion(jnp.float32, jnp.bfloat16) if precision == "bfloat16" else lambda tree: tree


def raise_again(precision: str) -> Callable[[AnyTree], AnyTree]:
    """Return the function that converts the bfloat16 arrays of a tree back to float32."""
    return _conversion(jnp.bfloat16, jnp.float32) if precision == "bfloat16" else lambda tree: tree


def _conversion(old: DTypeLike, new: DTypeLike) -> Callable[[AnyTree], AnyTree]:
    return lambda tree: jax.tree.map(lambda leaf: leaf.astype(new) if leaf.dtype == old else leaf, tree)
