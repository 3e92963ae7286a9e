"""Features of the examples of a data set, in which similar examples are near. No label is used."""

import numpy as np

from jnl.data.dataset import Dataset
from jnl.label_audit import patches

_WORD_DIMENSIONS = 200  # dimensions of the features of texts
_MOST_DIMENSIONS = 500  # of the features of images, and of numbers
_PARALLEL = 0.999  # if two examples have this cosine on average, all of them are far from zero


def features_of(dataset: Dataset) -> np.ndarray:
    """Return features f32[N, D] of the training inputs: parts of images, numbers, or the topics of texts.

    Images with a side of fewer than 12 pixels have no features of patches. Their pixels are taken instead. These are
    centered, because the angle between two images of even gray says nothing about their brightness.
    """
    inputs = np.asarray(dataset.train.inputs)
    if inputs.dtype == np.int32:
        return _topics(inputs)
    if has_patches(inputs):
        return _principal(patches.features(inputs))
    numbers = inputs.reshape(len(inputs), -1).astype(np.float32)
    return _principal(numbers - numbers.mean(0, keepdims=True) if inputs.dtype == np.uint8 else about_zero(numbers))


def about_zero(features: np.ndarray) -> np.ndarray:
    """Return features f[N, D], without the median of each column if all of them are far from zero.

    The cosine of such features is always near 1, and what tells them apart is lost in float32. The features of most
    networks are nearer to zero, and stay as they are.
    """
    directions = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-30)
    mean = directions.mean(0, dtype=np.float64)
    return features - np.median(features, 0) if mean @ mean > _PARALLEL else features


def has_patches(inputs: np.ndarray) -> bool:
    """Return whether inputs [N, ...] are images that are large enough to have features of patches."""
    return inputs.ndim == 4 and inputs.dtype == np.uint8 and min(inputs.shape[1:3]) >= patches.SMALLEST


def _principal(numbers: np.ndarray) -> np.ndarray:
    """Return f[N, D] as they are, or the 500 principal components of more dimensions: f32[N, at most 500]."""
    if numbers.shape[1] <= _MOST_DIMENSIONS:
        return numbers
    from sklearn.decomposition import PCA

    size = min(_MOST_DIMENSIONS, len(numbers))
    with np.errstate(invalid="ignore"):  # if all examples are the same
        return PCA(size, svd_solver="randomized", random_state=0).fit_transform(numbers).astype(np.float32)


def _topics(tokens: np.ndarray) -> np.ndarray:
    """Return features f32[N, D] of texts, given as tokens i32[N, T] in which 0 means no word (TF-IDF and SVD)."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    rows, columns = np.nonzero(tokens)
    shape = len(tokens), int(tokens.max()) + 1  # the last texts may have no word
    words = csr_matrix((np.ones(len(rows)), (rows, tokens[rows, columns])), shape)
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(words)
    size = min(_WORD_DIMENSIONS, min(weighted.shape) - 1)
    return TruncatedSVD(size, random_state=0).fit_transform(weighted).astype(np.float32)
