"""The nearest neighbors of each example in a space of features."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

_BLOCK = 2**26  # number of similarities that are computed at once


class Neighbors(NamedTuple):
    """The nearest neighbors of each example, without itself, nearest first."""

    rows: np.ndarray  # i32[N, k]
    similarity: np.ndarray  # f32[N, k] cosine


def nearest(features: np.ndarray, k: int = 30) -> Neighbors:
    """Return the k nearest neighbors by cosine similarity, exactly.

    Args:
      features: f32[N, D].
      k: number of neighbors, at most N - 1.
    """
    number, k = len(features), min(k, len(features) - 1)
    unit = jnp.asarray(features, jnp.float32)
    unit /= jnp.maximum(jnp.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    size = max(1, min(number, _BLOCK // number))
    index, similarity = [], []
    for first in range(0, number, size):
        start = min(first, number - size)  # the last block overlaps the one before, so that all have one shape
        near, which = _block(unit, jnp.int32(start), size, k)
        index.append(np.asarray(which)[first - start :])
        similarity.append(np.asarray(near)[first - start :])
    return Neighbors(np.concatenate(index).astype(np.int32), np.concatenate(similarity))


@partial(jax.jit, static_argnames=("size", "k"))
def _block(unit: Array, start: Array, size: int, k: int) -> tuple[Array, Array]:
    """Return similarities and rows of the neighbors of `size` examples from row `start` on, [size, k] each."""
    some = lax.dynamic_slice_in_dim(unit, start, size)
    similarity = jnp.matmul(some, unit.T, precision="highest")  # a GPU would round to TF32
    rows = jnp.arange(size)
    return lax.top_k(similarity.at[rows, start + rows].set(-jnp.inf), k)
