"""The form of a table. The page and the files share it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from jnl.results import statistics

NOTHING = "-"
UNKNOWN = "unknown"


class Row(NamedTuple):
    """One row of a table, as texts. A line end separates two lines of one text."""

    texts: list[str]
    label: str = ""  # label of the method in this row; the page can hide the row by it
    marked: bool = False  # whether the row has a missed number or a failed run
    best: frozenset[int] = frozenset()  # columns with the best value among those that it is compared with
    missed: frozenset[int] = frozenset()  # columns that miss a published number
    ours: bool = False  # whether the numbers are measured, beside rows of published ones
    group: str = ""  # title of the group of rows that it belongs to; rows of a group follow each other


class Table(NamedTuple):
    """One table. The first column has the names of the rows. Without rows, the note says why."""

    name: str  # name of its files
    title: str
    columns: list[str]
    rows: list[Row]
    note: str = ""
    sentences: Sequence[str] = ()  # what it says, in words
    labels: Sequence[str] = ()  # label of the method in each column; empty if columns are no methods

    @property
    def grouped(self) -> bool:
        """Whether the rows are in groups with a title."""
        return any(row.group for row in self.rows)

    def lines(self) -> list[list[str]]:
        """Return the header and all rows for files. The group of a row is a column of its own."""
        if not self.grouped:
            return [self.columns, *(row.texts for row in self.rows)]
        return [["noise", *self.columns], *([row.group, *row.texts] for row in self.rows)]

    def best(self) -> list[frozenset[int]]:
        """Return the columns with a best value of each of `lines`, the header included."""
        further = int(self.grouped)
        return [frozenset(), *(frozenset(column + further for column in row.best) for row in self.rows)]


def best_of(values: Sequence[float]) -> frozenset[int]:
    """Return the positions of the highest value, as it is shown. NaN is no value; without a lower one, none is best."""
    shown = [round(value, 2) for value in values]
    known = [value for value in shown if math.isfinite(value)]
    return (
        frozenset(number for number, value in enumerate(shown) if value == max(known))
        if len(set(known)) > 1
        else frozenset()
    )


def spread(found: statistics.Mean, scale: float = 100) -> str:
    """Return mean ± standard deviation as text. One run has no standard deviation."""
    if not found.runs:
        return NOTHING
    return f"{scale * found.mean:.2f}" + (f" ± {scale * found.std:.2f}" if found.runs > 1 else "")


def interval(low: float, high: float, scale: float = 100) -> str:
    """Return an interval as text, or no text if it is not known."""
    return f"[{scale * low:.2f}, {scale * high:.2f}]" if math.isfinite(low) else ""


def with_interval(found: statistics.Mean, scale: float = 100) -> str:
    """Return mean ± standard deviation, and the interval on a line of its own."""
    return f"{spread(found, scale)}\n{interval(found.low, found.high, scale)}".strip()


def p_value(value: float) -> str:
    """Return a p value as text."""
    return f"{value:.2g}" if math.isfinite(value) else NOTHING
