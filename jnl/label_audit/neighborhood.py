"""The nearest neighbors of each example in a space of features."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from tqdm.auto import tqdm

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
    if not by_distance:
        points /= jnp.maximum(jnp.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    size = max(1, min(number, _BLOCK // number))
    index, similarity = [], []
    for first in tqdm(range(0, number, size), "nearest neighbors", unit="block", leave=False, disable=None):
        start = min(first, number - size)  # the last block overlaps the one before, so that all have one shape
        near, which = _block(points, jnp.int32(start), size, k, by_distance)
        index.append(np.asarray(which)[first - start :])
        similarity.append(np.asarray(near)[first - start :])
    rows, near = np.concatenate(index).astype(np.int32), np.concatenate(similarity)
    if by_distance:
        scale = -2 * float(np.median(near[:, -1]))
        near = np.float32(1) + near / np.float32(max(scale, 1e-12))
    return Neighbors(rows, near)


@partial(jax.jit, static_argnames=("size", "k", "by_distance"))
def _block(points: Array, start: Array, size: int, k: int, by_distance: bool) -> tuple[Array, Array]:
    """Return the nearness and rows of the neighbors of `size` examples from row `start` on, [size, k] each.

    Args:
      points: f32[N, D].
      start: i32[] the first row.
      size: number of rows.
      k: number of neighbors.
      by_distance: whether the nearness is minus the squared distance. Otherwise it is the product.
    """
    some = lax.dynamic_slice_in_dim(points, start, size)
    if by_distance:  # a product would lose the digits that tell near points apart if a coordinate is large
        squares = (jnp.square(one[:, None] - other[None]) for one, other in zip(some.T, points.T, strict=True))
        near = -sum(squares, jnp.float32(0))
    else:
        near = jnp.matmul(some, points.T, precision="highest")  # a GPU would round to TF32
    rows = jnp.arange(size)
    return lax.top_k(near.at[rows, start + rows].set(-jnp.inf), k)
