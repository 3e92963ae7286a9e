"""Noise that depends on the input of each example, as in the code of CORES2 and CIFAR-N (after Xia et al. 2020)."""

import math

import numpy as np
from jax import Array

from jnl.noise.kind import NoiseKind
from jnl.support.errors import UserError

_CHUNK = 2**24  # numbers that are held as float64 at the same time
_SPREAD = 0.1  # standard deviation of the flip probabilities, the published value


def instance() -> NoiseKind:
    """Return the noise. It has no transition matrix; `noise.realized` counts one from the labels."""
    return NoiseKind(None, draw)


def draw(labels: np.ndarray, inputs: np.ndarray | Array | None, num_classes: int, rate: float, seed: int) -> np.ndarray:
    """Draw noisy labels, with inputs that are read one part at a time.

    Example k flips with probability q_k, which has a normal distribution around `rate`, limited to (0, 1). It then
    changes to another class c with probability softmax(x_k W)_c, normalized over the other classes; W has a standard
    normal distribution. As in the published code, bytes enter as 0 to 255, so one class gets nearly all of the
    probability. Because q_k is above 0, more labels than `rate` flip if `rate` is small: 13 % for 0.1. No label flips
    for rate 0.

    Departures: Xia et al. have one W for each true class; the published code and this function have one W for all. The
    order of the random numbers differs from the published code, so the same seed gives other labels.

    Args:
      labels: i[N] clean labels.
      inputs: [N, ...] stored inputs.
      num_classes: C.
      rate: mean of the flip probabilities before they are limited, 0 to 1.
      seed: seed of the random numbers.

    Returns:
      i32[N] noisy labels.

    Raises:
      UserError: the inputs are None.
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
    """Return the flip probability of each example; draw again those outside (0, 1): -> f64[number]."""
    chance = stream.normal(rate, _SPREAD, number)
    while (outside := np.flatnonzero((chance <= 0) | (chance >= 1))).size:
        chance[outside] = stream.normal(rate, _SPREAD, outside.size)
    return chance


def _probabilities(labels: np.ndarray, vectors: np.ndarray, weights: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return the probability of each noisy class: i[n], f64[n, D], f64[D, C], f64[n] -> f64[n, C]."""
    every = np.arange(len(labels))
    scores = vectors @ weights
    scores[every, labels] = -np.inf
    p = np.exp(scores - scores.max(1, keepdims=True))
    p *= chance[:, None] / p.sum(1, keepdims=True)
    p[every, labels] = 1 - chance
    return p
