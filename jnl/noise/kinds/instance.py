"""Noise that depends on the example itself, as the code of CORES2 and CIFAR-N draws it (after Xia et al. 2020)."""

import math

import numpy as np
from jax import Array

from jnl.core.errors import UserError
from jnl.noise.kind import NoiseKind

_CHUNK = 2**24  # numbers that are float64 at a time
_SPREAD = 0.1  # published: of the flip rates


def instance() -> NoiseKind:
    """Return the noise. It has no matrix: `noise.realized` counts one."""
    return NoiseKind(None, draw)


def draw(labels: np.ndarray, inputs: np.ndarray | Array | None, num_classes: int, rate: float, seed: int) -> np.ndarray:
    """Draw noisy labels i32[N] from labels i[N] and stored inputs [N, ...], which are read a part at a time.

    Example k flips with its own chance q_k, normal around `rate` and within (0, 1), to class c with the share
    softmax(x_k W)_c among the other classes, W normal. Bytes are 0 to 255 there, as published, so nearly all of that
    share is one class's. Xia et al. have one W for each true class, that code one for all. The order of draws is ours,
    so the same seed gives other labels. As q_k stays above 0, more labels than `rate` flip where it is small: 12 % for
    0.1; rate 0 flips none.
    """
    if inputs is None:
        raise UserError("noise.kind: 'instance' depends on the inputs; give them")
    if rate == 0:
        return labels.astype(np.int32)
    stream = np.random.RandomState(seed)
    chance = _flip_chances(stream, rate, len(labels))
    weights = stream.standard_normal((math.prod(inputs.shape[1:]), num_classes))
    uniform = stream.random_sample(len(labels))
    noisy = np.empty(len(labels), np.int32)
    rows = max(1, _CHUNK // len(weights))
    for start in range(0, len(labels), rows):
        part = slice(start, start + rows)
        vectors = np.asarray(inputs[part], np.float64).reshape(-1, len(weights))
        limits = np.cumsum(_probabilities(labels[part], vectors, weights, chance[part]), axis=1)
        noisy[part] = (uniform[part, None] * limits[:, -1:] >= limits[:, :-1]).sum(1)
    return noisy


def _flip_chances(stream: np.random.RandomState, rate: float, number: int) -> np.ndarray:
    chance = stream.normal(rate, _SPREAD, number)
    while (outside := np.flatnonzero((chance <= 0) | (chance >= 1))).size:
        chance[outside] = stream.normal(rate, _SPREAD, outside.size)
    return chance


def _probabilities(labels: np.ndarray, vectors: np.ndarray, weights: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Of each class: -> f64[n, C]."""
    every = np.arange(len(labels))
    scores = vectors @ weights
    scores[every, labels] = -np.inf
    p = np.exp(scores - scores.max(1, keepdims=True))
    p *= chance[:, None] / p.sum(1, keepdims=True)
    p[every, labels] = 1 - chance
    return p
