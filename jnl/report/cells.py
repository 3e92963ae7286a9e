"""Group the runs of all workdirs into cells and boards.

A cell is a strategy on data with noise of one kind and rate. A board compares the cells on the same data and noise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from jnl.core.json_values import Json
from jnl.ops import curves
from jnl.ops.curves import LABEL_WAVE, LabelWave
from jnl.report.reading import Point, Run
from jnl.results import statistics
from jnl.settings.fields import role

BASELINE = "standard"


class MethodResult(NamedTuple):
    """The runs of one strategy under the same settings."""

    label: str  # the strategy, with the settings that distinguish it from other cells of the same strategy
    strategy: str
    points: list[Point]
    runs: list[Run]
    wave: LabelWave = LABEL_WAVE

    @property
    def settings(self) -> dict[str, Json]:
        """All settings that the workdirs record: field -> value."""
        return _settings(self.points)

    @property
    def judged(self) -> str:
        """The name of the judged curve: accuracy on the test set or, without a test set, on held-out noisy labels."""
        names = {name for run in self.runs for name in run.curves}
        return (
            "validation_accuracy"
            if "validation_accuracy" in names and "test_accuracy" not in names
            else "test_accuracy"
        )

    def whole(self) -> list[Run]:
        """Return the runs that have not failed."""
        return [run for run in self.runs if not run.failed]

    def curve(self, name: str) -> np.ndarray | None:
        """Return a curve f64[S, E] of the runs that have not failed, mean over networks. None if a run lacks it."""
        found = [run.curves[name] for run in self.whole() if name in run.curves]
        if not found or len(found) < len(self.whole()):
            return None
        stacked = np.stack(found)
        return stacked.mean(2) if stacked.ndim > 2 else stacked

    def epochs(self) -> np.ndarray:
        """Return the epochs i64[E] of the curves. At least one run must not have failed."""
        return self.whole()[0].epochs

    def numbers(self) -> dict[str, np.ndarray]:
        """Return each statistic of the judged curve that can be computed: name -> f64[S], NaN for failed runs."""
        curve = self.curve(self.judged)
        if curve is None:
            return {}
        judges = curves.judges(self.judged, self.curve)
        there = np.array([not run.failed for run in self.runs])
        numbers = {}
        for name, values in curves.over_epochs(curve, judges, self.wave).items():
            numbers[name] = np.full(len(self.runs), np.nan)
            numbers[name][there] = values
        return numbers


class Leaderboard(NamedTuple):
    """All cells on the same data with the same noise."""

    data: str
    kind: str
    rate: float
    cells: list[MethodResult]

    @property
    def title(self) -> str:
        """The title of the board for people."""
        if self.kind == "none":
            return f"{self.data}, labels as they are"
        return f"{self.data}, {self.kind.replace('_', ' ')} noise, {100 * self.rate:g} %"


class Duplicate(NamedTuple):
    """A run that is in two workdirs and is counted only once."""

    left_out: Run
    counted: Run


class Comparison(NamedTuple):
    """The comparison of a cell with the baseline."""

    cell: MethodResult
    baseline: MethodResult
    paired: statistics.Paired
    holm: float  # p value, adjusted over the comparisons of the board


def boards(points: Sequence[Point], wave: LabelWave = LABEL_WAVE) -> tuple[list[Leaderboard], list[Duplicate]]:
    """Return the boards with all cells, in the order of their names, and the runs that are not counted twice.

    Args:
      points: the points of all workdirs.
      wave: the window and patience of Label Wave.
    """
    grouped: dict[tuple[str, str, float], list[Point]] = {}
    for point in points:
        rate = 0.0 if point.kind == "none" else point.rate  # without noise, only some strategies use the rate
        grouped.setdefault((point.data, point.kind, rate), []).append(point)
    found, duplicates = [], []
    for key in sorted(grouped):
        cells: list[MethodResult] = []
        for strategy in sorted({point.strategy for point in grouped[key]}):
            own, again = _cells([point for point in grouped[key] if point.strategy == strategy], wave)
            cells += own
            duplicates += again
        found.append(Leaderboard(*key, cells))
    return found, duplicates


def _cells(points: Sequence[Point], wave: LabelWave) -> tuple[list[MethodResult], list[Duplicate]]:
    """Return the cells of one strategy, and the duplicate runs.

    Points are in the same cell if they agree in every setting that both record, and in the runs that both have.
    """
    groups: list[list[Point]] = []
    for point in points:
        fitting = (group for group in groups if all(_agree(point, other) for other in group))
        group = next(fitting, None)
        if group is None:
            groups.append([point])
        else:
            group.append(point)
    cells, duplicates = [], []
    for group, label in zip(groups, _labels(groups), strict=True):
        runs: dict[tuple[int, int], Run] = {}
        for run in (run for point in group for run in point.runs):
            counted = runs.setdefault((run.seed, run.noise_seed), run)
            if counted is not run:
                duplicates.append(Duplicate(run, counted))
        cells.append(MethodResult(label, points[0].strategy, group, list(runs.values()), wave))
    return cells, duplicates


def _agree(one: Point, other: Point) -> bool:
    """Return whether two points agree in the settings, shapes of curves and runs that both have."""
    shapes, others = one.shapes(), other.shapes()
    if differing(one.settings, other.settings) or any(
        shapes[name] != others[name] for name in shapes.keys() & others.keys()
    ):
        return False
    runs = {(run.seed, run.noise_seed): run for run in one.runs}
    return all(_same(runs[key], run) for run in other.runs if (key := (run.seed, run.noise_seed)) in runs)


def _same(one: Run, other: Run) -> bool:
    """Return whether two runs with the same settings and seeds have the same results, except for rounding."""
    names = one.curves.keys() & other.curves.keys()
    return one.failed == other.failed and all(
        one.curves[name].shape == other.curves[name].shape
        and np.allclose(one.curves[name], other.curves[name], rtol=1e-5, atol=0, equal_nan=True)
        for name in names
    )


def _settings(points: Iterable[Point]) -> dict[str, Json]:
    return {name: value for point in points for name, value in point.settings.items()}


def differing(one: Mapping[str, Json], other: Mapping[str, Json], but: Collection[str] = ()) -> list[str]:
    """Return the fields in which two trainings differ so that they must not be compared.

    Args:
      one: field -> value of the first training.
      other: field -> value of the second training.
      but: sections whose fields are left out.
    """
    return sorted(
        name
        for name in one.keys() & other.keys()
        if one[name] != other[name] and role(name).separates and name.partition(".")[0] not in but
    )


def _labels(groups: Sequence[Sequence[Point]]) -> list[str]:
    """Return the label of each group: the strategy, with as many settings as are needed to distinguish the groups."""
    strategy, settings = groups[0][0].strategy, [_settings(group) for group in groups]
    fields = {name for one in settings for other in settings for name in differing(one, other)}
    first = {"epochs": 0, "model.name": 1}
    chosen: list[str] = []
    for name in sorted(fields, key=lambda name: (first.get(name, 2), not name.startswith("strategy."), name)):
        if len(_apart(settings, [*chosen, name])) > len(_apart(settings, chosen)):
            chosen.append(name)
    labels: list[str] = []
    for one in settings:
        known = ", ".join(f"{name.removeprefix('strategy.')}={one[name]}" for name in chosen if name in one)
        label = f"{strategy} ({known})" if known else strategy
        labels.append(f"{label} #{len(labels) + 1}" if label in labels else label)
    return labels


def _apart(settings: Sequence[Mapping[str, Json]], fields: Sequence[str]) -> set[str]:
    """Return the different combinations of values that these fields have."""
    return {repr([one.get(name) for name in fields]) for one in settings}


def comparisons(board: Leaderboard, statistic: str, baseline: str = BASELINE) -> tuple[list[Comparison], list[str]]:
    """Return the comparison of each cell with the baseline, and texts about the cells that have no comparison.

    The two cells of a comparison have the same settings. Pairs of runs share seed and noise seed. The p values are
    adjusted over the board (Holm).

    Args:
      board: the cells.
      statistic: the compared statistic, such as `last10`.
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
        paired = None if other else _paired(cell, base, statistic)
        if paired is None:
            reasons = [f"{name} {cell.settings[name]}, the baseline {base.settings[name]}" for name in other]
            same = cell.judged == base.judged
            reasons = reasons or ["fewer than two shared runs" if same else "judged by other labels"]
            without.append(f"{cell.label} ({'; '.join(reasons)})")
        else:
            found.append((cell, base, paired))
    adjusted = statistics.holm([paired.p for _, _, paired in found])
    return [Comparison(*one, holm) for one, holm in zip(found, adjusted, strict=True)], without


def _distance(cell: MethodResult, base: MethodResult) -> tuple[int, int]:
    """Return the number of different settings, and minus the number of shared runs. The smallest pair is nearest."""
    shared = {(run.seed, run.noise_seed) for run in cell.runs} & {(run.seed, run.noise_seed) for run in base.runs}
    return len(differing(cell.settings, base.settings, ("strategy",))), -len(shared)


def _paired(cell: MethodResult, base: MethodResult, statistic: str) -> statistics.Paired | None:
    """Return the paired differences, or None if there are fewer than two pairs or the judged curves differ."""
    if cell.judged != base.judged:
        return None
    values = []
    for one in (cell, base):
        numbers = one.numbers().get(statistic, np.full(len(one.runs), np.nan))
        values.append({(run.seed, run.noise_seed): value for run, value in zip(one.runs, numbers, strict=True)})
    shared = sorted(values[0].keys() & values[1].keys())
    paired = statistics.paired(*(np.array([own[key] for key in shared]) for own in values))
    return paired if paired.pairs > 1 else None
