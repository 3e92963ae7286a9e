"""The figure of the accuracy of each method against the noise rate."""

import math
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from jnl.report import spots
from jnl.report.comparing import of_epochs, tested
from jnl.report.drawing import Figure, Panel, figure, in_percent, plain
from jnl.report.grouping import Leaderboard, slug
from jnl.report.series import Series
from jnl.report.spots import Spot, spot
from jnl.support.matplotlib_parts import Axes, MaxNLocator


def draw(leaderboards: Sequence[Leaderboard], series: Series, prefix: str) -> Figure | None:
    """Draw accuracy against the noise rate, with one panel for each kind of noise that has several rates.

    Lines connect the results of a method. A kind is left out if no method was trained under two of its rates. Return
    None if there is no other one.
    """
    panels, shown = [], []
    for kind, inside in groupby(sorted(leaderboards, key=attrgetter("kind", "rate")), key=attrgetter("kind")):
        of_kind = list(inside)
        lines: dict[str, list[Spot]] = {}
        for leaderboard in of_kind:
            for result in leaderboard.results:
                accuracy, percent = result.numbers().get(tested(leaderboard.epochs)), 100 * leaderboard.rate
                one = Spot(result, percent, math.nan, math.nan, "")  # the line has a gap where all runs have failed
                if accuracy is not None:
                    one = spot(result, percent, accuracy, f"noise rate {percent:g} %")
                lines.setdefault(result.label, []).append(one)
        if any(len(_known(line)) > 1 for line in lines.values()):
            panels.append(_panel(slug(kind), of_kind[0].noise_kind, list(lines.values()), series))
            shown += [one.result for line in lines.values() for one in _known(line)]
    if not panels:
        return None
    caption = f"Accuracy ({of_epochs(leaderboards[0].epochs)}) against the noise rate"
    return figure(f"{prefix}-rates", caption, panels, series.of(shown))


def _known(line: Sequence[Spot]) -> list[Spot]:
    """Return the points of a line that have a mean."""
    return [one for one in line if math.isfinite(one.mean)]


def _panel(name: str, title: str, lines: Sequence[Sequence[Spot]], series: Series) -> Panel:
    found = [one for line in lines for one in _known(line)]

    def draw(axes: Axes) -> None:
        plain(axes, "noise rate (%)", in_percent("Accuracy"))
        for line in lines:
            number, look = series.numbers[line[0].result.label], series.looks[line[0].result.label]
            dashes = look.dashes or (1, 0)
            across, up = [one.x for one in line], [one.mean for one in line]
            axes.plot(across, up, color=look.color, dashes=dashes, lw=1.2, gid=f"s-{number}-b")
        spots.draw(axes, found, series)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))

    return Panel(name, title, draw, lambda axes: spots.hover(axes, found, series))
