"""Estimates of the noise, found by file name: `estimates/mixture.py` holds the function `mixture(view)`.

The function returns a `NoiseEstimate`, or None if the view does not have what it needs.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jnl.label_audit.neighborhood import Neighbors
from jnl.noise.posterior import SAMPLES, Explained, NoiseEstimate, interval
from jnl.support import registry

_HERE = sys.modules[__name__]
USED = "maximum_likelihood"  # the estimate that the audit uses; the others are printed beside it


class View(NamedTuple):
    """What estimates look at."""

    labels: np.ndarray  # i32[N] given labels
    p: np.ndarray  # f32[N, C] out-of-sample probabilities, those that noise disturbs least
    explained: Explained  # how the labels are explained for the estimate `maximum_likelihood`
    neighbors: Neighbors | None


def names() -> list[str]:
    """Return the names of all estimates."""
    return registry.names(_HERE)


def estimate(view: View) -> dict[str, NoiseEstimate]:
    """Return all estimates that the view allows, by their names."""
    every = {name: registry.function(_HERE, name, "estimate")(view) for name in names()}
    return {name: found for name, found in every.items() if found is not None}


def words(name: str) -> str:
    """Return the name of an estimate in words, such as `confident learning`."""
    return name.replace("_", " ")


def resampled(rate: Callable[[np.ndarray], float], number: int, samples: int = SAMPLES) -> tuple[float, float]:
    """Return the 95 % interval of a rate, given as a function of the rows i[N] of a bootstrap sample."""
    stream = np.random.default_rng(0)
    return interval([rate(stream.integers(number, size=number)) for _ in range(samples)])
