"""Confident learning as a preprocessing filter (Northcutt et al. 2021): find wrong labels, train on the rest.

Networks that did not see an example predict it (`folds`-fold cross-validation for `fold_epochs`, all folds and runs in
one program); `noise.confident_learning` finds the labels these predictions do not bear out, by the rule `prune`. With
`reweight` an example labeled k counts 1 / P(given k | true k) by the estimated joint counts, as in cleanlab: those
that are left of a class also stand for those that noise took from it. Published: 5 folds in practice, `by_noise_rate`;
the epochs are a choice.
"""

import numpy as np
from jax import Array

from jnl.core.errors import UserError, unknown
from jnl.core.memory import ExampleWeighting
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import DROPPED
from jnl.noise import confident_learning
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean


def confident_filter(
    folds: int = 5, fold_epochs: int = 10, prune: str = "by_noise_rate", reweight: bool = False
) -> Strategy:
    """Standard on the examples that remain."""
    if folds < 2 or fold_epochs < 1:
        raise UserError(f"strategy.folds: {folds} folds of {fold_epochs} epochs; give at least 2 and 1")
    if prune not in confident_learning.RULES:
        raise unknown("strategy.prune", prune, sorted(confident_learning.RULES))

    def weights(labels: np.ndarray, truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        wrong, joint = confident_learning.suspects(labels, predictions, prune)
        per_class = joint.sum(0) / np.maximum(np.diag(joint), 1) if reweight else np.ones(len(joint))
        return np.where(wrong, 0.0, per_class[labels])

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        return masked_mean(cross_entropy(logits, labels) * context.weights[None], (context.weights > 0)[None])

    return Strategy(1, select, example_weights=ExampleWeighting(weights, folds, fold_epochs), suspects=DROPPED)
