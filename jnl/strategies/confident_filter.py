"""Confident learning as a preprocessing filter (Northcutt et al. 2021): find wrong labels, train on the other examples.

Each example is predicted by networks that did not train on it (cross-validation; all folds and runs are one program).
`noise.confident_learning` then finds the labels that these predictions contradict. With `reweight` an example labeled k
has the weight 1 / P(given k | true k), from the estimated joint counts as in cleanlab: the examples that remain of a
class also represent the examples that noise took from it. Published: 5 folds in practice, and the rule `by_noise_rate`.
Departure: the number of epochs is our choice.
"""

import numpy as np
from jax import Array

from jnl.core.example_weights import ExampleWeighting
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import DROPPED
from jnl.noise import confident_learning
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import unknown, whole_number


def confident_filter(
    folds: int = 5, fold_epochs: int = 10, prune: str = "by_noise_rate", reweight: bool = False
) -> Strategy:
    """Train on the examples that the filter keeps.

    Args:
      folds: number of folds of the cross-validation.
      fold_epochs: number of epochs of the training on each fold.
      prune: the rule that finds wrong labels: `both`, `by_class`, `by_noise_rate`, `off_diagonal` or `predicted`.
      reweight: whether the remaining examples of a class weigh more, for those that were taken out.
    """
    whole_number("strategy.folds", folds, 2)
    whole_number("strategy.fold_epochs", fold_epochs, 1)
    if prune not in confident_learning.RULES:
        raise unknown("strategy.prune", prune, sorted(confident_learning.RULES))

    def weights(labels: np.ndarray, truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        wrong, joint = confident_learning.suspects(labels, predictions, prune)
        per_class = joint.sum(0) / np.maximum(np.diag(joint), 1) if reweight else np.ones(len(joint))
        return np.where(wrong, 0.0, per_class[labels])

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        return masked_mean(cross_entropy(logits, labels) * context.weights[None], (context.weights > 0)[None])

    return Strategy(1, select, example_weights=ExampleWeighting(weights, folds, fold_epochs), suspects=DROPPED)
