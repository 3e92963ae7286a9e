"""The nearest neighbors of each example in a space of features."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jnl.data.dataset import Dataset

_WORD_DIMENSIONS = 200  # dimensions of the features of texts
_BLOCK = 2**26  # number of similarities that are computed at once


class Neighbors(NamedTuple):
    """The nearest neighbors of each example, without itself, nearest first."""

    rows: np.ndarray  # i32[N, k]
    similarity: np.ndarray  # f32[N, k] cosine


def features_of(dataset: Dataset) -> np.ndarray:
    """Return features f32[N, D] of the training inputs: pixels, numbers, or the topics of texts (TF-IDF and SVD).

    Pixels are centered, because the angle between two images of even gray says nothing about their brightness.
    """
    inputs = np.asarray(dataset.train.inputs)
    if inputs.dtype == np.int32:
        return _topics(inputs)
    features = inputs.reshape(len(inputs), -1).astype(np.float32)
    return features - features.mean(0, keepdims=True) if inputs.dtype == np.uint8 else features


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


def _topics(tokens: np.ndarray) -> np.ndarray:
    """Return features f32[N, D] of texts, given as tokens i32[N, T] in which 0 means no word."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    rows, columns = np.nonzero(tokens)
    shape = len(tokens), int(tokens.max()) + 1  # the last texts may have no word
    words = csr_matrix((np.ones(len(rows)), (rows, tokens[rows, columns])), shape)
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(words)
    size = min(_WORD_DIMENSIONS, min(weighted.shape) - 1)
    return TruncatedSVD(size, random_state=0).fit_transform(weighted).astype(np.float32)
