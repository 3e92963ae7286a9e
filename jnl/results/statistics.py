"""What repeated runs tell, and how sure that is: pure NumPy and SciPy, on the host.

Standard deviations have ddof 0, as in all tables of jnl and of the literature; intervals rest on ddof 1. Intervals are
those of Student's t: bootstrap intervals of 5 runs cover 84 % where they promise 95 %. A run that has failed is NaN,
and in nothing.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
_MOST = 40  # differences whose signs are all tried: twice 2^20 sums


class Mean(NamedTuple):
    """A mean over runs; NaN for what so few runs cannot tell."""

    runs: int  # that have not failed
    mean: float
    std: float  # ddof 0
    low: float  # of the t interval, level 95 %
    high: float


class Paired(NamedTuple):
    """Differences of runs that share their seeds."""

    pairs: int
    mean: float
    low: float  # of the t interval of the mean difference, level 95 %
    high: float
    p: float  # exact two-sided sign-flip test; NaN for more than 40 pairs
    least_p: float  # the smallest that so many pairs can reach


class Components(NamedTuple):
    """Variances of a two-way layout of random effects, one run for each pair; an estimate below 0 is given as 0."""

    initialization: float  # due to `seed`: initial weights and order of the data
    noise: float  # due to `noise_seed`: the draw of the noise
    residual: float  # both together, which one run for each pair cannot part from chance


def mean(values: np.ndarray) -> Mean:
    """f64[S] -> their mean and its t interval, which wants two values."""
    there = values[np.isfinite(values)]
    if not len(there):
        return Mean(0, *[math.nan] * 4)
    low, high = interval(float(there.mean()), float(there.std(ddof=1)) if len(there) > 1 else math.nan, len(there))
    return Mean(len(there), float(there.mean()), float(there.std()), low, high)


def interval(mean: float, std: float, count: int) -> tuple[float, float]:
    """The t interval of a mean of `count` values with standard deviation `std` (ddof 1); NaN for fewer than two."""
    if count < 2:
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * std / math.sqrt(count)
    return mean - half, mean + half


def paired(first: np.ndarray, second: np.ndarray) -> Paired:
    """f64[S], f64[S] of the same seeds -> how much larger the first is, without pairs of which one has failed."""
    differences = (first - second)[np.isfinite(first - second)]
    whole = mean(differences)
    p = sign_flip(differences) if whole.runs <= _MOST else math.nan
    return Paired(whole.runs, whole.mean, whole.low, whole.high, p, least_p(whole.runs))


def least_p(count: int) -> float:
    """The smallest two-sided p that a sign-flip test of so many differences can give: 2 / 2^n."""
    return min(1.0, 2.0 ** (1 - count)) if count else math.nan


def sign_flip(differences: np.ndarray) -> float:
    """Exact two-sided p of a mean of f64[n] if each sign could as well be the other: all 2^n are counted.

    Both halves of the differences give their sums, and pairs of them are counted in sorted order.

    Raises:
      ValueError: more than 40 differences.
    """
    if len(differences) > _MOST:
        raise ValueError(f"{len(differences)} differences have too many signs to try; {_MOST} at most")
    if not len(differences):
        return math.nan
    half = len(differences) // 2
    first, second = _sums(differences[:half]), np.sort(_sums(differences[half:]))
    scale = np.abs(differences).sum()
    least = abs(differences.sum()) - 1e-9 * scale  # what is equal but for rounding is equal
    above = (len(second) - np.searchsorted(second, least - first)).sum()
    return min(1.0, 2 * float(above) / 2 ** len(differences))


def _sums(values: np.ndarray) -> np.ndarray:
    """f64[n] -> f64[2^n], with all signs."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p of a family of tests (Holm 1979); NaN, of a test that was not made, stays out of the family."""
    values = np.array(p, np.float64)
    made = np.flatnonzero(np.isfinite(values))
    order = made[values[made].argsort(kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    values[order] = np.minimum(1, np.maximum.accumulate(steps)) if len(order) else steps
    return values.tolist()


def components(values: np.ndarray, seeds: Sequence[int], noise_seeds: Sequence[int]) -> Components | None:
    """The variance of f64[S] that seeds and noise seeds bring (two-way analysis of variance, random effects).

    None where they cannot be told apart: they are not crossed (each of two seeds or more with each of two noise seeds
    or more, once), or a run has failed.
    """
    rows, row = np.unique(seeds, return_inverse=True)
    columns, column = np.unique(noise_seeds, return_inverse=True)
    a, b = len(rows), len(columns)
    if min(a, b) < 2 or len(values) != a * b or len(set(zip(row, column, strict=True))) != a * b:
        return None
    table = np.empty((a, b))
    table[row, column] = values
    if not np.isfinite(table).all():
        return None
    of_row, of_column = table.mean(1, keepdims=True), table.mean(0, keepdims=True)
    left = table - of_row - of_column + table.mean()
    residual = float((left**2).sum() / ((a - 1) * (b - 1)))
    initialization = (b * float(of_row.var(ddof=1)) - residual) / b
    noise = (a * float(of_column.var(ddof=1)) - residual) / a
    return Components(max(0.0, initialization), max(0.0, noise), residual)
