"""Noisy labels of a training: the labels that it sees, their noise, and the examples that are held out."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jnl import noise
from jnl.data import holdout
from jnl.data.dataset import Dataset
from jnl.settings.records import NoiseSettings

HELD_OUT = 0.1  # share of the training set that is held out for validation if there is no test set


class NoisyLabels(NamedTuple):
    """The noisy labels of one noise seed, their noise matrices, and the split into training and validation."""

    labels: jax.Array  # i32[N]
    transition: jax.Array  # f32[C, C] P(noisy | clean), for strategies that know the true noise
    train_index: jax.Array  # i32[N_train]
    validation_index: jax.Array  # i32[N_validation]
    realized_rate: float  # share of wrong labels; NaN if the true labels are unknown
    matrix: np.ndarray  # f64[C, C] realized P(noisy | clean); NaN if the true labels are unknown


def draw(dataset: Dataset, settings: NoiseSettings, seed: int, held_out: float) -> NoisyLabels:
    """Return the labels that a training sees. Labels that are noisy already get this noise on top.

    Args:
      dataset: the data set.
      settings: the kind of noise and its rate.
      seed: the seed of the noise and of the split.
      held_out: share of the training set that is held out.
    """
    given, clean = np.asarray(dataset.train.labels), np.asarray(dataset.train.clean)
    classes, known = len(dataset.class_names), clean >= 0
    labels = noise.draw(settings.kind, given, classes, settings.rate, seed, dataset.train.inputs, settings.file)
    realized, matrix = math.nan, np.full((classes, classes), np.nan)
    if known.any():
        realized, matrix = float((labels != clean)[known].mean()), noise.realized(clean, labels, classes)
    # Labels that are noisy already have no matrix that is known before the draw.
    fixed = noise.has_matrix(settings.kind, settings.rate, settings.file) and not (given != clean)[known].any()
    if not fixed:
        transition = noise.realized(np.where(known, clean, given), labels, classes)
    else:
        transition = noise.transition(settings.kind, classes, settings.rate, settings.file)
    train, held = holdout.split(labels, held_out, seed)
    return NoisyLabels(
        labels=jnp.asarray(labels),
        transition=jnp.asarray(transition.astype(np.float32)),
        train_index=jnp.asarray(train),
        validation_index=jnp.asarray(held),
        realized_rate=realized,
        matrix=matrix,
    )


def share_held_out(usual: float, settings: NoiseSettings, dataset: Dataset) -> float:
    """Return the share of the training set that is held out for validation, `usual` if there is no test set."""
    return settings.validation or (usual if dataset.test is None else 0.0)
