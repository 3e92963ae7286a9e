"""Published numbers beside measured ones, in jnl's own names: `published.csv`.

`mean` and `std` are percent of test accuracy, `statistic` is one of `jnl.statistics.STATISTICS`; what a source does not
state is empty. Numbers whose source does not say how they were taken from the epochs are not in it.
"""

import csv
import math
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from jnl import statistics
from jnl.report.cells import Board, Cell

RULE = (
    "A number is missed if the 95 % t interval of the measured mean and that of the published mean do not overlap; if "
    "the published standard deviation or number of runs is not known, if the published mean is outside the measured "
    "interval. Published deviations are taken to have ddof 1: the narrower interval, which calls a miss sooner. "
    "Another number of epochs or network than published, or a network that is not stated, is shown and not judged, nor "
    "are fewer than three runs called met: the interval of two reaches 9 standard deviations (ddof 1) to each side. "
    "Met means not told apart, no more. No other setting is compared."
)
_ENOUGH = 3  # runs


class Published(NamedTuple):
    """One number of a paper."""

    strategy: str
    data: str
    noise: str
    rate: float  # NaN where labels are taken as they are
    statistic: str
    mean: float  # percent
    std: float  # percent; NaN where it is not known
    runs: int  # 0 where it is not known
    epochs: int  # 0 where it is not known
    model: str  # empty where it is not known: then it is not judged
    source: str

    def interval(self) -> tuple[float, float]:
        """The t interval of the mean, percent; the mean alone where there is none."""
        low, high = statistics.interval(self.mean, self.std, self.runs)
        return (self.mean, self.mean) if math.isnan(low) else (low, high)


class Verdict(NamedTuple):
    """One published number and what a cell has."""

    published: Published
    cell: Cell
    measured: statistics.Mean  # percent
    missed: bool | None  # None: not judged
    words: str


def load() -> list[Published]:
    """All of them."""
    text = resources.files("jnl.report").joinpath("published.csv").read_text(encoding="utf-8")
    return [
        Published(
            row["strategy"],
            row["data"],
            row["noise"],
            float(row["rate"] or math.nan),
            row["statistic"],
            float(row["mean"]),
            float(row["std"] or math.nan),
            int(row["runs"] or 0),
            int(row["epochs"] or 0),
            row["model"],
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    ]


def verdicts(boards: Sequence[Board]) -> list[Verdict]:
    """Every published number with every cell that it is about; those that are judged first."""
    found = []
    for one in load():
        for board in boards:
            same_rate = math.isnan(one.rate) or math.isclose(one.rate, board.rate)
            if (one.data, one.noise) != (board.data, board.kind) or not same_rate:
                continue
            cells = (cell for cell in board.cells if cell.strategy == one.strategy and cell.judged == "test_accuracy")
            found += [verdict(one, cell) for cell in cells if one.statistic in cell.numbers()]
    return sorted(found, key=lambda one: one.missed is None)


def verdict(published: Published, cell: Cell) -> Verdict:
    """By `RULE`."""
    measured = statistics.mean(100 * cell.numbers()[published.statistic])
    epochs, model = cell.settings.get("epochs"), cell.settings.get("model.name")
    other = []
    if published.epochs and published.epochs != epochs:
        other.append(f"{epochs} epochs, published {published.epochs}")
    if published.model != model:
        other.append(f"{model}, published {published.model or 'by a network that is not stated'}")
    if other:
        return Verdict(published, cell, measured, None, f"not judged: {'; '.join(other)}")
    low, high = published.interval()
    missed = measured.low > high or low > measured.high  # never where there is no interval
    if not missed and measured.runs < _ENOUGH:
        return Verdict(published, cell, measured, None, f"not judged: {measured.runs} runs are too few")
    return Verdict(published, cell, measured, missed, "missed" if missed else "met")
