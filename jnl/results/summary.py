"""What a summary says of the runs of a training: the best, last and chosen epochs, over runs."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from jnl.ops import curves


class OverRuns(TypedDict):
    """One number of each run; None for runs that have failed, which are in no mean."""

    mean: float | None  # None if all have failed
    std: float | None  # ddof 0
    per_run: list[float | None]


NETWORKS = ("net1", "net2", "mean")
BestLast = dict[str, dict[str, OverRuns | None]]


def best_last(accuracy: np.ndarray, judges: Mapping[str, np.ndarray]) -> BestLast:
    """Over epochs, then over runs: f64[S, E, K] -> {best, last, ...} x {net1, net2, mean} x {mean, std, per_run}.

    The columns are those of `curves.over_epochs` without `maximal`, which only the report shows. `mean` is the average
    of the networks in each epoch. A single network leaves net2 None.

    Args:
      accuracy: f64[S, E, K].
      judges: the curves that rules choose an epoch by; f64[S, E, K] of each network, or f64[S, E] of all of them.
    """
    networks = _of_networks(accuracy)
    by_network = {name: _of_networks(judge) for name, judge in judges.items() if judge.ndim > 2}
    numbers = {}
    for net, curve in networks.items():
        own = {name: by_network[name][net] if name in by_network else judge for name, judge in judges.items()}
        numbers[net] = curves.over_epochs(curve, own)
    columns = [name for name in numbers["mean"] if name != "maximal"]
    return {
        name: {net: over_runs(numbers[net][name]) if net in numbers else None for net in NETWORKS} for name in columns
    }


def _of_networks(accuracy: np.ndarray) -> dict[str, np.ndarray]:
    """f64[S, E, K] -> f64[S, E] of each network that there is, and of their mean."""
    nets = {f"net{number + 1}": accuracy[:, :, number] for number in range(accuracy.shape[2])}
    return nets | {"mean": accuracy.mean(2)}


def pool(results: Sequence[BestLast]) -> BestLast:
    """The runs of several results as one; without the columns, and None for a network, that some of them lack."""

    def one(column: str, net: str) -> OverRuns | None:
        parts = [part for result in results if (part := result[column][net]) is not None]
        every = np.array([value for part in parts for value in part["per_run"]], np.float64)
        return over_runs(every) if len(parts) == len(results) else None

    shared = [column for column in results[0] if all(column in result for result in results)]
    return {column: {net: one(column, net) for net in NETWORKS} for column in shared}


def last10(curve: np.ndarray) -> np.ndarray:
    """f64[S, E] -> f64[S]: the mean of the last 10 epochs, less those that are NaN (nothing selected)."""
    tail = curve[:, -curves.LAST :]
    known = np.isfinite(tail)
    return np.where(known, tail, 0).sum(1) / np.where(known.any(1), known.sum(1), np.nan)


def over_runs(per_run: np.ndarray) -> OverRuns:
    """f64[S] -> mean, standard deviation, values; NaN: a run that has failed."""
    there = per_run[np.isfinite(per_run)]
    mean, std = (float(there.mean()), float(there.std())) if len(there) else (None, None)
    return {"mean": mean, "std": std, "per_run": [value if np.isfinite(value) else None for value in per_run.tolist()]}
