"""Probabilities of a linear classifier on features: leave-one-out ridge regression onto the classes, in closed form.

Each example is predicted by the regression on all others, without a second fit: the residual is divided by one minus
the leverage of the example. The penalty and the scale of the logits are those under which the given labels, all left
out once, are most likely. As long as nothing is known about the noise, least squares follow wrong labels less than a
logistic regression does. From probable classes, a logistic regression learns better.
"""

import numpy as np

from jnl.label_audit import logistic
from jnl.label_audit.evidence import Evidence, Expert
from jnl.label_audit.source import Source

NEEDS = "features"
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # times the number of examples
_SCALES = (1.0, 2.0, 4.0, 8.0, 16.0)


def linear(source: Source) -> Evidence:
    """Return the probabilities, and that of the given label as a column."""
    labels, number = source.labels, len(source.labels)
    centered = source.features.astype(np.float64) - source.features.mean(0)
    centered /= max(np.sqrt(np.square(centered).mean()), 1e-30)  # the penalties must not depend on the scale
    features = np.column_stack([centered, np.ones(number)])
    targets = np.eye(source.num_classes)[labels]
    variances, axes = np.linalg.eigh(features.T @ features)
    rotated = features @ axes
    fitted = rotated.T @ targets
    best, most = np.full(targets.shape, 1 / source.num_classes), -np.inf
    for penalty in _PENALTIES:
        inverse = 1 / (np.maximum(variances, 0) + penalty * number)
        leverage = (rotated**2 @ inverse)[:, None]
        left_out = (rotated @ (inverse[:, None] * fitted) - leverage * targets) / np.maximum(1 - leverage, 1e-6)
        for scale in _SCALES:
            p = np.exp(scale * (left_out - left_out.max(1, keepdims=True)))
            p /= p.sum(1, keepdims=True)
            likelihood = np.log(p[np.arange(number), labels] + 1e-12).mean()
            if likelihood > most:
                best, most = p, likelihood
    expert = Expert(best.astype(np.float32), "a linear classifier", judges=True)
    return Evidence({"linear": best[np.arange(number), labels]}, expert)


def learn(source: Source, targets: np.ndarray) -> np.ndarray:
    """Return out-of-sample probabilities f32[N, C] of a logistic regression on probable classes f32[N, C]."""
    return logistic.out_of_sample(source.features, targets)
