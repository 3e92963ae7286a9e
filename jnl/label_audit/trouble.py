"""Other kinds of trouble than a wrong label: duplicates, examples unlike all others, and classes that overlap."""

import numpy as np

from jnl.label_audit.neighborhood import Neighbors

_NEAR = 0.13  # cleanlab's threshold: share of the median distance to the nearest neighbor
_FAR = 3.0  # an outlier is this many interquartile ranges above the upper quartile of logarithms
_OVERLAP = 0.5  # the second class is at least this likely, in proportion to the first


def duplicate_of(neighbors: Neighbors) -> np.ndarray:
    """Return for each example its nearest neighbor if the two are nearly the same, else -1: -> i32[N].

    They are nearly the same if their distance (1 - cosine) is less than 13 % of the median, as in cleanlab.
    """
    distance = np.maximum(1 - neighbors.similarity[:, 0], 0)
    near = distance <= max(_NEAR * float(np.median(distance)), 1e-6)
    return np.where(near, neighbors.rows[:, 0], -1).astype(np.int32)


def outlier(neighbors: Neighbors) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each example is from its neighbors, in medians f32[N], and which are outliers bool[N]."""
    distance = np.maximum(1 - neighbors.similarity, 0).mean(1)
    logs = np.log(np.maximum(distance, 1e-9))  # distances are skewed, their logarithms are less so
    low, middle, high = np.percentile(logs, [25, 50, 75])
    return np.exp(logs - middle).astype(np.float32), logs > high + _FAR * max(high - low, 1e-3)


def overlap(true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whether two classes are nearly equally likely bool[N], and the second class i32[N]: f32[N, C]."""
    second, first = np.argsort(true, 1)[:, -2:].T
    rows = np.arange(len(true))
    return true[rows, second] >= _OVERLAP * true[rows, first], second.astype(np.int32)
