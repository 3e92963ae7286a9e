"""Other kinds of trouble than a wrong label: duplicates, examples unlike all others, and classes that overlap."""

import numpy as np

from jnl.label_audit.neighborhood import Neighbors

_NEAR = 0.13  # cleanlab's threshold: share of the median distance to the nearest neighbor
_BY_CHANCE = 0.001  # share of the examples that may be so near by chance
_FAR = 3.0  # an outlier is this many interquartile ranges above the upper quartile of logarithms
_AT_ONCE = 4096  # images whose pixels are compared at once
_OVERLAP = 0.5  # the second class is at least this likely, in proportion to the first


def duplicate_of(neighbors: Neighbors, images: np.ndarray | None = None) -> np.ndarray:
    """Return for each example its nearest neighbor if the two are nearly the same, else -1: -> i32[N].

    They are nearly the same if their squared distance is less than 13 % of the median, as in cleanlab. In few
    dimensions, many examples are so near by chance, so there the distance must be less.

    Args:
      neighbors: the neighbors.
      images: u8[N, H, W, channels], if the neighbors were found by features of their patches; else None. Different
        images can have the same features. So the pixels are compared instead, after the mean image is subtracted.
    """
    nearest = neighbors.rows[:, 0]
    similarity = neighbors.similarity[:, 0] if images is None else _cosine_of_pixels(images, nearest)
    distance = np.maximum(1 - similarity, 0)
    share = min(_NEAR, (_BY_CHANCE / np.log(2)) ** (2 / _dimensions(neighbors)))
    near = distance <= max(share * float(np.median(distance)), 1e-6)
    return np.where(near, nearest, -1).astype(np.int32)


def _dimensions(neighbors: Neighbors) -> float:
    """Return in how many dimensions the neighbors are spread, by their distances (Levina and Bickel 2004).

    Then the distance r to the nearest neighbor has P(r < t median) = 1 - 2^(-t^dimensions), if the density is even.
    """
    if neighbors.rows.shape[1] < 3:
        return np.inf
    squared = np.maximum(1 - neighbors.similarity, 1e-9)
    return 1 / max(float(np.median((np.log(squared[:, -1:] / squared[:, :-1]) / 2).mean(1))), 1e-3)


def _cosine_of_pixels(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the cosine of each image and the image in the row others i[N], without the mean image: f32[N]."""
    mean = images.mean(0, dtype=np.float32).ravel()
    found = np.empty(len(images), np.float32)
    for first in range(0, len(images), _AT_ONCE):
        rows = np.arange(first, min(first + _AT_ONCE, len(images)))
        one, other = (images[each].reshape(len(rows), -1) - mean for each in (rows, others[rows]))
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        found[rows] = (one * other).sum(1) / np.maximum(lengths, 1e-12)
    return found


def outlier(neighbors: Neighbors, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each example is from its neighbors, in medians f32[N], and which are outliers bool[N].

    An example is also an outlier if its features f[N, D] are much longer than usual. The cosine does not see this.
    """
    distance = np.maximum(1 - neighbors.similarity, 0).mean(1)
    logs = np.log(np.maximum(distance, 1e-9))  # distances are skewed, their logarithms are less so
    lengths = np.log(np.maximum(np.linalg.norm(features, axis=1), 1e-9))
    return np.exp(logs - np.median(logs)).astype(np.float32), _far(logs) | _far(lengths)


def _far(numbers: np.ndarray) -> np.ndarray:
    """Return which numbers f[N] are far above the others, bool[N]."""
    low, high = np.percentile(numbers, [25, 75])
    return np.asarray(numbers > high + _FAR * max(high - low, 1e-3))


def overlap(true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a second class is at least half as likely as the first bool[N], and which i32[N]: f32[N, C]."""
    second, first = np.argsort(true, 1)[:, -2:].T
    rows = np.arange(len(true))
    return true[rows, second] >= _OVERLAP * true[rows, first], second.astype(np.int32)
