"""Group the runs of all workdirs into results, leaderboards and setups.

A result has the runs of one method on data with noise of one kind and rate. A leaderboard compares the results of one
noise, with the same data, network and number of epochs. A setup has all leaderboards that differ only in their noise,
as a published table has them.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from jnl.ops import curves
from jnl.ops.curves import LABEL_WAVE, LabelWave
from jnl.report import agreement, methods
from jnl.report.published import has_number
from jnl.report.reading import Point, Run
from jnl.settings.config import family
from jnl.support.json_values import Json, as_integer
from jnl.support.text import number


class MethodResult(NamedTuple):
    """The runs of one method under the same settings."""

    label: str  # the published name, with the settings that distinguish it from other results of the same method
    strategy: str  # the name in configs
    variant: int  # 0, or a higher number for other settings of the same method in the same setup
    points: list[Point]
    runs: list[Run]
    wave: LabelWave = LABEL_WAVE

    @property
    def settings(self) -> dict[str, Json]:
        """All settings that the workdirs record: field -> value."""
        return agreement.settings(self.points)

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
        criteria = curves.criteria(self.judged, self.curve)
        there = np.array([not run.failed for run in self.runs])
        numbers = {}
        for name, values in curves.over_epochs(curve, criteria, self.wave).items():
            numbers[name] = np.full(len(self.runs), np.nan)
            numbers[name][there] = values
        return numbers


class Leaderboard(NamedTuple):
    """All results on the same data with the same noise, network and number of epochs."""

    data: str
    model: str
    epochs: int
    kind: str
    rate: float
    results: list[MethodResult]  # in the published order of the methods

    @property
    def setup(self) -> str:
        """The title of the setup that the leaderboard belongs to."""
        data, network = methods.title_of_data(self.data), methods.title_of_network(self.model)
        return f"{data}, {network}, {number(self.epochs, 'epoch')}"

    @property
    def noise(self) -> str:
        """The noise for people, such as `Symmetric 50 %`."""
        return self.noise_kind if self.kind == "none" else f"{self.noise_kind} {100 * self.rate:g}\u00a0%"

    @property
    def noise_kind(self) -> str:
        """The kind of noise for people, such as `Symmetric`."""
        if self.kind == "none":
            return "Labels as they are"
        data = family(self.data.partition(":")[0])
        return " ".join(word for word in self.kind.rpartition(":")[2].split("_") if word != data).capitalize()

    @property
    def slug(self) -> str:
        """The noise as a part of file names and ids."""
        return slug(self.kind, f"{self.rate:g}")

    @property
    def title(self) -> str:
        """The title of the leaderboard for people."""
        return f"{self.setup}: {self.noise}"


def slug(*parts: str) -> str:
    """Return texts as one part of file names and ids, of letters, digits, dots and dashes."""
    return re.sub(r"[^a-zA-Z0-9.]+", "-", "-".join(parts))[:80].strip("-")


def one_noise_draw(results: Sequence[MethodResult]) -> bool:
    """Return whether several runs were trained on noise that was drawn, and all runs of each noise on the same draw."""
    drawn = [result for result in results if any(point.kind != "none" for point in result.points)]
    seeds = {run.noise_seed for result in drawn for run in result.runs}
    labels = {(_noise(result.points[0]), run.labels) for result in drawn for run in result.runs if run.labels}
    several = len(labels) > len({noise for noise, _ in labels})
    return len(seeds) == 1 and not several and any(len(result.runs) > 1 for result in drawn)


class Duplicate(NamedTuple):
    """A run that is in two workdirs and is counted only once."""

    left_out: Run
    counted: Run


def leaderboards(points: Sequence[Point], wave: LabelWave = LABEL_WAVE) -> tuple[list[Leaderboard], list[Duplicate]]:
    """Return the leaderboards with all results, setup by setup, and the runs that are not counted twice.

    Args:
      points: the points of all workdirs.
      wave: the window and patience of Label Wave.
    """
    found, duplicates = [], []
    titles = methods.titles({point.strategy for point in points})
    for key, inside in groupby(sorted(points, key=_setup), _setup):
        own = list(inside)
        noises = sorted({_noise(point) for point in own})
        results: list[list[MethodResult]] = [[] for _ in noises]
        for strategy in methods.in_order({point.strategy for point in own}):
            mine = [point for point in own if point.strategy == strategy]
            groups = [agreement.together(point for point in mine if _noise(point) == noise) for noise in noises]
            columns = agreement.columns(groups, _published(groups))
            labels = agreement.labels(titles[strategy], columns)
            for variant, (label, column) in enumerate(zip(labels, columns, strict=True)):
                for noise, group in column.items():
                    runs, again = _runs(group)
                    duplicates += again
                    results[noise].append(MethodResult(label, strategy, variant, group, runs, wave))
        found += [Leaderboard(*key, *noise[2:], each) for noise, each in zip(noises, results, strict=True)]
    return found, duplicates


def setups(leaderboards: Sequence[Leaderboard]) -> list[list[Leaderboard]]:
    """Return the leaderboards of each setup."""
    return [list(inside) for _, inside in groupby(leaderboards, lambda leaderboard: leaderboard[:3])]


def _setup(point: Point) -> tuple[str, str, int]:
    """Return data, network and number of epochs."""
    return point.data, str(point.settings["model.name"]), as_integer(point.settings["epochs"])


def _noise(point: Point) -> tuple[bool, bool, str, float]:
    """Return kind and rate of the noise, after what sorts them: no noise, symmetric noise, other noise."""
    rate = 0.0 if point.kind == "none" else point.rate  # without noise, only some strategies use the rate
    return point.kind != "none", not point.kind.startswith("symmetric"), point.kind, rate


def _published(groups: Sequence[Sequence[agreement.Together]]) -> agreement.Column:
    """Return the groups of a method that have the settings of a published number, at most one under each noise."""
    found = {}
    for noise, inside in enumerate(groups):
        known = [group for group in inside if _has_number(group)]
        if known:
            found[noise] = max(known, key=agreement.number_of_runs)
    return found


def _has_number(group: agreement.Together) -> bool:
    point = group[0]
    return has_number(point.strategy, point.data, point.kind, point.rate, agreement.settings(group))


def _runs(group: agreement.Together) -> tuple[list[Run], list[Duplicate]]:
    """Return the runs of a group, each once, and the runs that are left out because they are there already."""
    runs: dict[tuple[int, int], Run] = {}
    duplicates = []
    for run in (run for point in group for run in point.runs):
        counted = runs.setdefault((run.seed, run.noise_seed), run)
        if counted is not run:
            duplicates.append(Duplicate(run, counted))
    return list(runs.values()), duplicates
