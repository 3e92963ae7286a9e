"""Compare cells over the runs that share their seeds and their noisy labels."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from jnl.report import methods
from jnl.report.agreement import differing, same_labels
from jnl.report.cells import Leaderboard, MethodResult
from jnl.results import statistics

BASELINE = "standard"
_ENOUGH = 20  # with fewer epochs, the last 10 also measure the start of the training


class Comparison(NamedTuple):
    """The comparison of a cell with the baseline."""

    cell: MethodResult
    baseline: MethodResult
    paired: statistics.Paired
    holm: float  # p value, adjusted over the comparisons of the board


class Duel(NamedTuple):
    """The comparison of the two cells of a board with the highest means."""

    first: MethodResult
    second: MethodResult
    paired: statistics.Paired | None  # None if fewer than two runs share their seeds and noisy labels
    differing: list[str]  # settings in which they differ, beside those of the method


def tested(epochs: int) -> str:
    """Return the statistic that is compared after so many epochs: the last 10 or, after few, the last one."""
    return "last10" if epochs >= _ENOUGH else "last"


def of_epochs(epochs: int) -> str:
    """Return the words for the epochs that `tested` takes, such as `last 10 of 200 epochs`."""
    return f"last {'10 ' if epochs >= _ENOUGH else ''}of {epochs} epoch{'s' if epochs != 1 else ''}"


def comparisons(board: Leaderboard, baseline: str = BASELINE) -> tuple[list[Comparison], list[str]]:
    """Return the comparison of each cell with the baseline, and texts about the cells that have no comparison.

    The two cells of a comparison have the same settings. Pairs of runs share seed, noise seed and noisy labels. The p
    values are adjusted over the board (Holm).

    Args:
      board: the cells.
      baseline: the strategy that the others are compared with.
    """
    found, without = [], []
    bases = [cell for cell in board.cells if cell.strategy == baseline]
    if not bases:
        return [], [cell.label for cell in board.cells]
    for cell in board.cells:
        if cell.strategy == baseline:
            continue
        base = min(bases, key=partial(_distance, cell))
        other = differing(cell.settings, base.settings, ("strategy",))
        paired = None if other else _paired(cell, base, tested(board.epochs))
        if paired is None:
            reasons = [f"{name} {cell.settings[name]}, the baseline {base.settings[name]}" for name in other]
            same = cell.judged == base.judged
            reasons = reasons or ["fewer than two shared runs" if same else "judged by other labels"]
            without.append(f"{cell.label} ({'; '.join(reasons)})")
        else:
            found.append((cell, base, paired))
    adjusted = statistics.holm([paired.p for _, _, paired in found])
    return [Comparison(*one, holm) for one, holm in zip(found, adjusted, strict=True)], without


def means(cells: Sequence[MethodResult], statistic: str) -> list[float]:
    """Return the mean of a statistic of each cell, NaN if there is none. Only accuracies on the test set."""
    judged = [cell.numbers().get(statistic) if cell.judged == "test_accuracy" else None for cell in cells]
    return [float("nan") if one is None else statistics.mean(one).mean for one in judged]


def duel(board: Leaderboard) -> Duel | None:
    """Compare the two best cells of different methods. Return None for fewer than two methods.

    The upper bound is left out.
    """
    ranked = sorted(
        (-mean, number)
        for number, mean in enumerate(means(board.cells, tested(board.epochs)))
        if np.isfinite(mean) and board.cells[number].strategy != methods.UPPER_BOUND
    )
    cells = [board.cells[number] for _, number in ranked]
    first = cells[0] if cells else None
    second = next((cell for cell in cells if first is not None and cell.strategy != first.strategy), None)
    if first is None or second is None:
        return None
    different = differing(first.settings, second.settings, ("strategy",))
    paired = _paired(first, second, tested(board.epochs))
    if paired is not None and paired.mean < 0:  # over the shared seeds, the other one is better
        first, second, paired = second, first, _paired(second, first, tested(board.epochs))
    return Duel(first, second, paired, different)


def _distance(cell: MethodResult, base: MethodResult) -> tuple[int, int]:
    """Return the number of different settings, and minus the number of shared runs. The smallest pair is nearest."""
    return len(differing(cell.settings, base.settings, ("strategy",))), -len(_shared(cell, base))


def _shared(cell: MethodResult, base: MethodResult) -> list[tuple[int, int]]:
    """Return the positions of each run in both cells that has the same seed, noise seed and noisy labels in both."""
    numbers = {(run.seed, run.noise_seed): number for number, run in enumerate(base.runs)}
    return [
        (number, other)
        for number, run in enumerate(cell.runs)
        if (other := numbers.get((run.seed, run.noise_seed))) is not None
        and same_labels(run.labels, base.runs[other].labels)
    ]


def _paired(cell: MethodResult, base: MethodResult, statistic: str) -> statistics.Paired | None:
    """Return the paired differences, or None if there are fewer than two pairs or the judged curves differ."""
    if cell.judged != base.judged:
        return None
    shared = np.array(_shared(cell, base), int).reshape(-1, 2)
    values = [one.numbers().get(statistic, np.full(len(one.runs), np.nan)) for one in (cell, base)]
    paired = statistics.paired(*(own[rows] for own, rows in zip(values, shared.T, strict=True)))
    return paired if paired.pairs > 1 else None
