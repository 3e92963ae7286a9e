"""The labels of a report: their numbers, their looks, and the legend that the page shows once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jnl.report import methods, style
from jnl.report.grouping import MethodResult
from jnl.report.style import Look

_MOST = 12  # with more labels, the legend has one entry for each method


class Entry(NamedTuple):
    """One entry of the legend."""

    title: str
    label: str  # the label whose look it shows
    numbers: list[int]  # numbers of the labels that it hides


class Series(NamedTuple):
    """How the page shows the labels."""

    strategies: Mapping[str, str]  # label -> method, in the order of the legend
    numbers: Mapping[str, int]
    looks: Mapping[str, Look]

    def of(self, results: Sequence[MethodResult]) -> dict[str, Look]:
        """Return the looks of results, each label once, in the order of the legend."""
        known = {result.label for result in results}
        return {label: look for label, look in self.looks.items() if label in known}

    def legend(self) -> list[Entry]:
        """Return the entries of the legend: one for each label or, if these are many, for each method."""
        if len(self.numbers) <= _MOST:
            return [Entry(label, label, [number]) for label, number in self.numbers.items()]
        titles, entries = methods.titles(set(self.strategies.values())), dict[str, Entry]()
        for label, strategy in self.strategies.items():
            entry = entries.setdefault(strategy, Entry(titles[strategy], label, []))
            entry.numbers.append(self.numbers[label])
        return list(entries.values())


def series(strategies: Mapping[str, str]) -> Series:
    """Return the series of all labels: label -> method, in the order of the legend."""
    numbers = {label: number for number, label in enumerate(strategies)}
    return Series(strategies, numbers, style.looks(strategies))
