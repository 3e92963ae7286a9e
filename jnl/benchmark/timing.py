"""Repeated measurements."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Seconds(NamedTuple):
    """Some repetitions of the same thing."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def repeat(measure: Callable[[], object], times: int) -> Seconds:
    """Wall-clock seconds of `measure`, which must wait for its own results."""
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        measure()
        seconds.append(time.perf_counter() - begin)
    return Seconds(statistics.median(seconds), min(seconds), max(seconds))
