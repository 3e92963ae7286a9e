"""Statistics of repeated runs: means, intervals, tests and variances. This file uses only NumPy and SciPy.

Standard deviations have ddof 0, as in all tables of jnl and of the literature. Intervals use ddof 1. They are Student t
intervals, because bootstrap intervals of 5 runs cover 84 % instead of the promised 95 %. The value of a failed run is
NaN, and no statistic includes it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
_MOST = 40  # largest number of differences for which all signs are tried: twice 2^20 sums


class Mean(NamedTuple):
    """A mean over runs. A value is NaN if there are too few runs for it."""

    runs: int  # number of runs that have not failed
    mean: float
    std: float  # ddof 0
    low: float  # lower end of the 95 % t interval
    high: float  # upper end


class Paired(NamedTuple):
    """The differences between pairs of runs that share their seeds."""

    pairs: int
    mean: float
    low: float  # lower end of the 95 % t interval of the mean difference
    high: float  # upper end
    p: float  # p value of the exact two-sided sign-flip test; NaN for more than 40 pairs
    least_p: float  # smallest p value that is possible with this number of pairs
    better: int  # pairs in which the first value is larger


class Components(NamedTuple):
    """The variances of a two-way layout of random effects with one run per pair. Negative estimates are set to 0."""

    initialization: float  # due to `seed`: initial weights and order of the data
    noise: float  # due to `noise_seed`: the draw of the noise
    residual: float  # due to both together, or to chance; one run per pair cannot separate these


def mean(values: np.ndarray) -> Mean:
    """Return the mean of f64[S] and its t interval. The interval needs at least two values."""
    there = values[np.isfinite(values)]
    if not len(there):
        return Mean(0, *[math.nan] * 4)
    low, high = interval(float(there.mean()), float(there.std(ddof=1)) if len(there) > 1 else math.nan, len(there))
    return Mean(len(there), float(there.mean()), float(there.std()), low, high)


def share(values: np.ndarray) -> Mean:
    """Return the mean of shares f64[S] and its t interval, cut to [0, 1]: no share is outside."""
    found = mean(values)
    return found._replace(low=float(np.clip(found.low, 0, 1)), high=float(np.clip(found.high, 0, 1)))


def interval(mean: float, std: float, count: int) -> tuple[float, float]:
    """Return the 95 % t interval of a mean, or NaN for fewer than two values.

    Args:
      mean: the mean.
      std: standard deviation of the values (ddof 1).
      count: number of values.
    """
    if count < 2:
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * std / math.sqrt(count)
    return mean - half, mean + half


def paired(first: np.ndarray, second: np.ndarray) -> Paired:
    """Return how much larger the first values are: f64[S], f64[S] of the same seeds.

    Pairs with a failed run are left out.
    """
    differences = (first - second)[np.isfinite(first - second)]
    whole = mean(differences)
    p = sign_flip(differences) if whole.runs <= _MOST else math.nan
    return Paired(whole.runs, whole.mean, whole.low, whole.high, p, least_p(whole.runs), int((differences > 0).sum()))


def least_p(count: int) -> float:
    """Return the smallest two-sided p value of a sign-flip test with `count` differences: 2 / 2^count."""
    return min(1.0, 2.0 ** (1 - count)) if count else math.nan


def sign_flip(differences: np.ndarray) -> float:
    """Return the exact two-sided p value of the mean of f64[n] if both signs of each difference are equally probable.

    All 2^n combinations of signs are counted. To be fast, the function computes the sums of each half of the
    differences, sorts the sums of one half, and counts pairs of sums.

    Raises:
      ValueError: if there are more than 40 differences.
    """
    if len(differences) > _MOST:
        raise ValueError(f"{len(differences)} differences have too many signs to try; {_MOST} at most")
    if not len(differences):
        return math.nan
    half = len(differences) // 2
    first, second = _sums(differences[:half]), np.sort(_sums(differences[half:]))
    scale = np.abs(differences).sum()
    least = abs(differences.sum()) - 1e-9 * scale  # sums that differ only by rounding count as equal
    above = (len(second) - np.searchsorted(second, least - first)).sum()
    return min(1.0, 2 * float(above) / 2 ** len(differences))


def _sums(values: np.ndarray) -> np.ndarray:
    """Return the sums of the values with all combinations of signs: f64[n] -> f64[2^n]."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def holm(p: Sequence[float]) -> list[float]:
    """Return the adjusted p values of a family of tests (Holm 1979).

    NaN marks a test that was not made. It stays NaN and does not belong to the family.
    """
    values = np.array(p, np.float64)
    made = np.flatnonzero(np.isfinite(values))
    order = made[values[made].argsort(kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    values[order] = np.minimum(1, np.maximum.accumulate(steps)) if len(order) else steps
    return values.tolist()


def components(values: np.ndarray, seeds: Sequence[int], noise_seeds: Sequence[int]) -> Components | None:
    """Return the variances due to seeds and to noise seeds (two-way analysis of variance, random effects).

    Args:
      values: f64[S] one value per run.
      seeds: the seed of each run.
      noise_seeds: the noise seed of each run.

    Returns:
      None if the two cannot be separated. That needs at least two seeds and two noise seeds, each seed with each noise
      seed exactly once, and no failed run.
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
