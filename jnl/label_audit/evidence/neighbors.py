"""The labels of the nearest neighbors of each example, weighted by their similarity.

The votes begin with two votes that are spread as the labels of the data set are, so that no class gets probability 0
because none of a few neighbors has it.
"""

import numpy as np

from jnl.label_audit.evidence import Evidence, Expert
from jnl.label_audit.source import Source

NEEDS = "features"
_PRIOR = 2.0  # number of votes that are spread over all classes


def neighbors(source: Source) -> Evidence:
    """Return the shares of the votes, and that of the given label as a column."""
    votes = learn(source, np.eye(source.num_classes, dtype=np.float32)[source.labels])
    expert = Expert(votes, title="")  # the reasons count the labels of the neighbors instead
    return Evidence({"neighbors": votes[np.arange(len(votes)), source.labels]}, expert)


def learn(source: Source, targets: np.ndarray) -> np.ndarray:
    """Return the shares of the votes f32[N, C] if each neighbor votes for its probable classes f32[N, C]."""
    index, similarity = source.neighbors
    weights = np.maximum(similarity, 0.0)
    weights *= index.shape[1] / np.maximum(weights.sum(1, keepdims=True), 1e-12)
    votes = np.zeros(targets.shape, np.float32)
    for place in range(index.shape[1]):
        votes += weights[:, place, None] * targets[index[:, place]]
    return (votes + _PRIOR * targets.mean(0)) / (weights.sum(1, keepdims=True) + _PRIOR)
