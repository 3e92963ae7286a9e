"""The nearest neighbors of each example in a space of features."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

_BLOCK = 2**26  # number of similarities that are computed at once
_FEW_DIMENSIONS = 10


class Neighbors(NamedTuple):
    """The nearest neighbors of each example, without itself, nearest first."""

    rows: np.ndarray  # i32[N, k]
    similarity: np.ndarray  # f32[N, k] at most 1


def nearest(features: np.ndarray, k: int) -> Neighbors:
    """Return the k nearest neighbors, exactly, by the cosine of their features.

    The cosine leaves out the length of the features, which is much of what at most 10 dimensions say. There the
    neighbors are those by squared Euclidean distance. The similarity is then 1 minus this distance, scaled so that half
    of the examples have a last neighbor of similarity 0.5.

    Args:
      features: f32[N, D].
      k: number of neighbors. With at most k examples, each has all others as neighbors.
    """
    number, k = len(features), min(k, len(features) - 1)
    points = jnp.asarray(features, jnp.float32)
    by_distance = points.shape[1] <= _FEW_DIMENSIONS
    if by_distance:
        points -= points.mean(0, keepdims=True)
        lengths = jnp.square(points).sum(1)[None] / 2
    else:
        points /= jnp.maximum(jnp.linalg.norm(points, axis=1, keepdims=True), 1e-12)
        lengths = jnp.zeros((1, number))
    size = max(1, min(number, _BLOCK // number))
    index, similarity = [], []
    for first in range(0, number, size):
        start = min(first, number - size)  # the last block overlaps the one before, so that all have one shape
        near, which = _block(points, lengths, jnp.int32(start), size, k)
        index.append(np.asarray(which)[first - start :])
        similarity.append(np.asarray(near)[first - start :])
    rows = np.concatenate(index).astype(np.int32)
    return _by_distance(np.asarray(points), rows) if by_distance else Neighbors(rows, np.concatenate(similarity))


@partial(jax.jit, static_argnames=("size", "k"))
def _block(points: Array, lengths: Array, start: Array, size: int, k: int) -> tuple[Array, Array]:
    """Return the products and rows of the neighbors of `size` examples from row `start` on, [size, k] each.

    Args:
      points: f32[N, D].
      lengths: f32[1, N], subtracted from the products with each point.
      start: i32[] the first row.
      size: number of rows.
      k: number of neighbors.
    """
    some = lax.dynamic_slice_in_dim(points, start, size)
    product = jnp.matmul(some, points.T, precision="highest") - lengths  # a GPU would round to TF32
    rows = jnp.arange(size)
    return lax.top_k(product.at[rows, start + rows].set(-jnp.inf), k)


def _by_distance(points: np.ndarray, rows: np.ndarray) -> Neighbors:
    """Return the neighbors i32[N, k] of points f32[N, D] with their similarity, nearest first."""
    distance = np.stack([np.square(points - points[column]).sum(1) for column in rows.T], 1)
    order = np.argsort(distance, 1, kind="stable")
    rows, distance = (np.take_along_axis(each, order, 1) for each in (rows, distance))
    scale = 2 * float(np.median(distance[:, -1]))
    return Neighbors(rows, np.float32(1) - distance / np.float32(max(scale, 1e-12)))
