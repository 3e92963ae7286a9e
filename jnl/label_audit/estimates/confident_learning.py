"""Confident learning (Northcutt et al. 2021): count the examples whose confident class is another one."""

import numpy as np

from jnl.label_audit.estimates import View, resampled
from jnl.noise import confident_learning as confident
from jnl.noise.posterior import NoiseEstimate


def confident_learning(view: View) -> NoiseEstimate:
    """Return the estimate."""
    counts = confident.joint(view.labels, view.p).T.astype(float)  # rows are now the true classes
    matrix = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    matrix[np.diag_indices(len(matrix))] += counts.sum(1) == 0

    def rate(rows: np.ndarray) -> float:
        counts = confident.joint(view.labels[rows], view.p[rows])
        return float(1 - np.trace(counts) / counts.sum())

    everyone = rate(np.arange(len(view.labels)))
    return NoiseEstimate(everyone, *resampled(rate, len(view.labels)), matrix)
