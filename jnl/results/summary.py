"""Summaries of the runs of a training: the accuracy in the best, last and chosen epochs, over runs."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from jnl.ops import curves


class OverRuns(TypedDict):
    """One number of each run, with mean and standard deviation. The means do not include failed runs."""

    mean: float | None  # None if all runs have failed
    std: float | None  # ddof 0; None if all runs have failed
    per_run: list[float | None]  # None for runs that have failed


BestLast = dict[str, dict[str, OverRuns | None]]


def best_last(accuracy: np.ndarray, criteria: Mapping[str, np.ndarray]) -> BestLast:
    """Return the accuracy of each way to choose epochs, for each network and for their mean, over runs.

    Args:
      accuracy: f64[S, E, K].
      criteria: name -> curve by which rules choose an epoch: f64[S, E, K] (per network) or f64[S, E] (for all).

    Returns:
      {best, last, ...} -> {net1, net2, ..., mean} -> {mean, std, per_run}. The outer keys are the keys of
      `curves.over_epochs`, without `maximal`, which only the report shows. `mean` averages the networks in each epoch.
      With one network, `net2` is None.
    """
    networks = _of_networks(accuracy)
    by_network = {name: _of_networks(criterion) for name, criterion in criteria.items() if criterion.ndim > 2}
    numbers = {}
    for net, curve in networks.items():
        own = {name: by_network[name][net] if name in by_network else criterion for name, criterion in criteria.items()}
        numbers[net] = curves.over_epochs(curve, own)
    columns = [name for name in numbers["mean"] if name != "maximal"]
    nets = names(accuracy.shape[2])
    return {name: {net: over_runs(numbers[net][name]) if net in numbers else None for net in nets} for name in columns}


def names(networks: int) -> list[str]:
    """Return the names of so many networks and of their mean. There are always names of two networks."""
    return [*(f"net{number}" for number in range(1, max(networks, 2) + 1)), "mean"]


def _of_networks(accuracy: np.ndarray) -> dict[str, np.ndarray]:
    """Return the curve of each network and of their mean: f64[S, E, K] -> f64[S, E] each."""
    nets = {f"net{number + 1}": accuracy[:, :, number] for number in range(accuracy.shape[2])}
    return nets | {"mean": accuracy.mean(2)}


def pool(results: Sequence[BestLast]) -> BestLast:
    """Return one result for the runs of several results.

    A column is left out if one of the results lacks it. A network is None if one of the results lacks it.
    """

    def one(column: str, net: str) -> OverRuns | None:
        parts = [part for result in results if (part := result[column].get(net)) is not None]
        every = np.array([value for part in parts for value in part["per_run"]], np.float64)
        return over_runs(every) if len(parts) == len(results) else None

    shared = [column for column in results[0] if all(column in result for result in results)]
    nets = max((list(result[column]) for result in results for column in shared), key=len, default=[])
    return {column: {net: one(column, net) for net in nets} for column in shared}


def last10(curve: np.ndarray) -> np.ndarray:
    """Return the mean of the last 10 epochs: f64[S, E] -> f64[S]. Epochs with NaN (nothing selected) are left out."""
    tail = curve[:, -curves.LAST :]
    known = np.isfinite(tail)
    return np.where(known, tail, 0).sum(1) / np.where(known.any(1), known.sum(1), np.nan)


def over_runs(per_run: np.ndarray) -> OverRuns:
    """Return the mean and standard deviation over runs: f64[S]. NaN marks a run that has failed."""
    there = per_run[np.isfinite(per_run)]
    mean, std = (float(there.mean()), float(there.std())) if len(there) else (None, None)
    return {"mean": mean, "std": std, "per_run": [value if np.isfinite(value) else None for value in per_run.tolist()]}
