"""Measure the time of a function several times."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Seconds(NamedTuple):
    """The seconds that several repetitions of one measurement took."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def repeat(measure: Callable[[], object], times: int) -> Seconds:
    """Return the wall-clock seconds of `times` calls of `measure`, which must wait for its own results."""
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        measure()
        seconds.append(time.perf_counter() - begin)
    return Seconds(statistics.median(seconds), min(seconds), max(seconds))
