"""Judge measured numbers by published ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jnl.report.grouping import Leaderboard, MethodResult
from jnl.report.published import Published, departures, load
from jnl.results import statistics
from jnl.support.text import number

RULE = (
    "A number is missed if the 95 % t intervals of the measured and the published mean do not overlap. If the "
    "published standard deviation or number of runs is not known, a number is missed if the published mean is outside "
    "the measured interval. Published deviations are taken to have ddof 1. This gives the narrower interval, so a "
    "number is called missed sooner. A number that was published for other settings, or for a network that is not "
    "stated, is shown and not judged. Fewer than three runs are never called met, because the interval of two runs "
    "reaches 9 standard deviations (ddof 1) to each side. Met only means that the two means cannot be told apart. "
    "Settings are compared as far as the workdir records them and the source states them. They are compared with the "
    "paper, and with its code (`reference`). No source describes the settings of some baselines; they have the "
    "settings of jnl. An independent number comes from a re-implementation by other authors. It judges nothing. If a "
    "number is missed, the verdict says whether the independent number is nearer to the measured than to the published "
    "mean. songheony/TAkS keeps the last incomplete batch, uses all 10,000 test images, draws the noise anew for each "
    "seed, and trains JoCoR with lambda 0.9 and a forget rate of 0.2 under asymmetric noise of 40 %."
)
_ENOUGH = 3  # smallest number of runs that can be called met


class Verdict(NamedTuple):
    """The verdict on one published number and one result."""

    published: Published
    result: MethodResult
    measured: statistics.Mean  # percent
    missed: bool | None  # None if the number is not judged
    words: str
    same_settings: bool = True  # whether the result has the published settings, as far as both are known

    @property
    def difference(self) -> float:
        """How much larger the measured mean is than the published one, in percentage points."""
        return self.measured.mean - self.published.mean

    @property
    def sided(self) -> bool:
        """Whether an independent number is nearer to the measured than to the published mean."""
        other = self.published.independent
        return abs(other - self.measured.mean) < abs(other - self.published.mean)


def verdicts_on(leaderboards: Sequence[Leaderboard]) -> list[Verdict]:
    """Return the verdict on each published number for each result that it is about. Judged numbers come first."""
    found = []
    for one in load():
        for leaderboard in leaderboards:
            for result in leaderboard.results:
                about = one.is_about(result.strategy, leaderboard.data, leaderboard.kind, leaderboard.rate)
                if about and result.judged == "test_accuracy" and one.statistic in result.numbers():
                    found.append(verdict(one, result))
    return sorted(found, key=lambda one: one.missed is None)


def verdict(published: Published, result: MethodResult) -> Verdict:
    """Return the verdict on a published number and a result, by `RULE`."""
    measured = percent(result.numbers()[published.statistic])
    if other := departures(published, result.settings):
        return Verdict(published, result, measured, None, f"not judged: {'; '.join(other)}", False)
    low, high = published.interval()
    missed = measured.low > high or low > measured.high  # False if there is no measured interval
    if not missed and measured.runs < _ENOUGH:
        few = f"{number(measured.runs, 'run')} {'is' if measured.runs == 1 else 'are'} too few"
        return Verdict(published, result, measured, None, f"not judged: {few}")
    found = Verdict(published, result, measured, missed, "missed" if missed else "met")
    if missed and found.sided:
        return found._replace(words=f"missed\nan independent {published.independent:.2f} is nearer to ours")
    return found


def percent(values: np.ndarray) -> statistics.Mean:
    """Return the mean of shares f64[S] in percent."""
    runs, *numbers = statistics.share(values)
    return statistics.Mean(runs, *(100 * number for number in numbers))
