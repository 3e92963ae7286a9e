"""Weights of the examples, which a strategy computes before training. Most strategies have none."""

from typing import NamedTuple, Protocol

import numpy as np
from jax import Array


class OutOfSample(NamedTuple):
    """Predictions of networks that did not train on the example that they predict."""

    wrong: Array  # f32[N] probability that the given label is wrong
    predicted: Array  # i32[N] the most probable class


class WeightsFn(Protocol):
    """Computes the weight of each training example."""

    def __call__(self, labels: np.ndarray, truth: np.ndarray, p: np.ndarray, /) -> np.ndarray:
        """Return bool[N] or f64[N] for labels i32[N], true labels i32[N] and out-of-sample probabilities f32[N, C].

        Without cross-validation folds all probabilities are 0.
        """


class ExampleWeighting(NamedTuple):
    """Weights of the examples, computed on the host before training."""

    weights: WeightsFn
    folds: int = 0  # number of cross-validation folds; 0 means that there are no out-of-sample predictions
    epochs: int = 0  # number of epochs of the training for each fold
