"""Compare results over the runs that share their seeds and their noisy labels."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from jnl.report import methods
from jnl.report.agreement import differing, same_labels
from jnl.report.grouping import Leaderboard, MethodResult
from jnl.results import statistics
from jnl.support.text import number

BASELINE = "standard"
_ENOUGH = 20  # with fewer epochs, the last 10 also measure the start of the training


class Comparison(NamedTuple):
    """The comparison of a result with the baseline."""

    result: MethodResult
    baseline: MethodResult
    paired: statistics.Paired
    holm: float  # p value, adjusted over the comparisons of the leaderboard


class Duel(NamedTuple):
    """The comparison of the two results of a leaderboard with the highest means."""

    first: MethodResult
    second: MethodResult
    paired: statistics.Paired | None  # None if fewer than two runs share their seeds and noisy labels
    differing: list[str]  # settings in which they differ, beside those of the method


def tested(epochs: int) -> str:
    """Return the statistic that is compared after so many epochs: the last 10 or, after few, the last one."""
    return "last10" if epochs >= _ENOUGH else "last"


def of_epochs(epochs: int) -> str:
    """Return the words for the epochs that `tested` takes, such as `last 10 of 200 epochs`."""
    return f"last {'10 ' if epochs >= _ENOUGH else ''}of {number(epochs, 'epoch')}"


def comparisons(leaderboard: Leaderboard, baseline: str = BASELINE) -> tuple[list[Comparison], list[str]]:
    """Return the comparison of each result with the baseline, and texts about the results that have no comparison.

    The two results of a comparison have the same settings. Pairs of runs share seed, noise seed and noisy labels. The p
    values are adjusted over the leaderboard (Holm).

    Args:
      leaderboard: the results.
      baseline: the strategy that the others are compared with.
    """
    found, without = [], []
    bases = [result for result in leaderboard.results if result.strategy == baseline]
    if not bases:
        return [], [result.label for result in leaderboard.results]
    for result in leaderboard.results:
        if result.strategy == baseline:
            continue
        base = min(bases, key=partial(_distance, result))
        other = differing(result.settings, base.settings, ("strategy",))
        paired = None if other else _paired(result, base, tested(leaderboard.epochs))
        if paired is None:
            reasons = [f"{name} {result.settings[name]}, the baseline {base.settings[name]}" for name in other]
            same = result.judged == base.judged
            reasons = reasons or ["fewer than two shared runs" if same else "judged by other labels"]
            without.append(f"{result.label} ({'; '.join(reasons)})")
        else:
            found.append((result, base, paired))
    adjusted = statistics.holm([paired.p for _, _, paired in found])
    return [Comparison(*one, holm) for one, holm in zip(found, adjusted, strict=True)], without


def means(results: Sequence[MethodResult], statistic: str) -> list[float]:
    """Return the mean of a statistic of each result, NaN if there is none. Only accuracies on the test set."""
    judged = [result.numbers().get(statistic) if result.judged == "test_accuracy" else None for result in results]
    return [float("nan") if one is None else statistics.mean(one).mean for one in judged]


def duel(leaderboard: Leaderboard) -> Duel | None:
    """Compare the two best results of different methods. Return None for fewer than two methods.

    The upper bound is left out.
    """
    ranked = sorted(
        (-mean, number)
        for number, mean in enumerate(means(leaderboard.results, tested(leaderboard.epochs)))
        if np.isfinite(mean) and leaderboard.results[number].strategy != methods.UPPER_BOUND
    )
    results = [leaderboard.results[number] for _, number in ranked]
    first = results[0] if results else None
    second = next((result for result in results if first is not None and result.strategy != first.strategy), None)
    if first is None or second is None:
        return None
    different = differing(first.settings, second.settings, ("strategy",))
    paired = _paired(first, second, tested(leaderboard.epochs))
    if paired is not None and paired.mean < 0:  # over the shared seeds, the other one is better
        first, second, paired = second, first, _paired(second, first, tested(leaderboard.epochs))
    return Duel(first, second, paired, different)


def _distance(result: MethodResult, base: MethodResult) -> tuple[int, int]:
    """Return the number of different settings, and minus the number of shared runs. The smallest pair is nearest."""
    return len(differing(result.settings, base.settings, ("strategy",))), -len(_shared(result, base))


def _shared(result: MethodResult, base: MethodResult) -> list[tuple[int, int]]:
    """Return the positions of each run in both results that has the same seed, noise seed and noisy labels in both."""
    numbers = {(run.seed, run.noise_seed): number for number, run in enumerate(base.runs)}
    return [
        (number, other)
        for number, run in enumerate(result.runs)
        if (other := numbers.get((run.seed, run.noise_seed))) is not None
        and same_labels(run.labels, base.runs[other].labels)
    ]


def _paired(result: MethodResult, base: MethodResult, statistic: str) -> statistics.Paired | None:
    """Return the paired differences, or None if there are fewer than two pairs or the judged curves differ."""
    if result.judged != base.judged:
        return None
    shared = np.array(_shared(result, base), int).reshape(-1, 2)
    values = [one.numbers().get(statistic, np.full(len(one.runs), np.nan)) for one in (result, base)]
    paired = statistics.paired(*(own[rows] for own, rows in zip(values, shared.T, strict=True)))
    return paired if paired.pairs > 1 else None
