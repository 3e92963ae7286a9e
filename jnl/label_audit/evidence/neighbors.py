"""The labels of the nearest neighbors of each example, weighted by their similarity.

The votes begin with two votes that are spread as the labels of the data set are, so that no class gets probability 0
because none of a few neighbors has it.
"""

import numpy as np

from jnl.label_audit.evidence import Evidence
from jnl.label_audit.source import Source

NEEDS = "features"
_PRIOR = 2.0  # number of votes that are spread over all classes


def neighbors(source: Source) -> Evidence:
    """Return the shares of the votes, and that of the given label as a column."""
    labels, number = source.labels, len(source.labels)
    index, similarity = source.neighbors
    weights = np.maximum(similarity, 0.0)
    weights *= index.shape[1] / np.maximum(weights.sum(1, keepdims=True), 1e-12)
    votes = np.zeros((number, source.num_classes), np.float32)
    np.add.at(votes, (np.arange(number)[:, None], labels[index]), weights)
    prior = np.bincount(labels, minlength=source.num_classes) / number
    votes = (votes + _PRIOR * prior[None].astype(np.float32)) / (index.shape[1] + _PRIOR)
    return Evidence({"neighbors": votes[np.arange(number), labels]}, votes)
