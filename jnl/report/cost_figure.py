"""The figure of the accuracy of each method against what it costs."""

import math
from collections.abc import Sequence

from jnl.report import spots, tables
from jnl.report.comparing import of_epochs, tested
from jnl.report.drawing import Figure, Panel, figure, in_percent, plain
from jnl.report.grouping import Leaderboard
from jnl.report.series import Series
from jnl.report.spots import Spot, spot
from jnl.support.matplotlib_parts import Axes, LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

_SECONDS = "No training has recorded its operations. Seconds of other machines are not comparable."
_LEFT_OUT = "Methods are left out where their operations are not recorded: {labels}."


def draw(leaderboards: Sequence[Leaderboard], series: Series, prefix: str) -> Figure | None:
    """Draw accuracy against operations or, if no result records operations, against seconds.

    Noises with fewer than two results are left out. Return None if there is no other one.
    """
    costs = [[tables.cost(result) for result in leaderboard.results] for leaderboard in leaderboards]
    counted = any(math.isfinite(operations) for inside in costs for _, operations in inside)
    panels, shown, without = [], [], []
    for leaderboard, inside in zip(leaderboards, costs, strict=True):
        found = []
        for result, (seconds, operations) in zip(leaderboard.results, inside, strict=True):
            accuracy = result.numbers().get(tested(leaderboard.epochs))
            cost = operations if counted else seconds
            if accuracy is None or not math.isfinite(cost):
                without += [] if accuracy is None else [result.label]
                continue
            of_what = f"{cost:.3g} operations" if counted else f"{cost:.1f} s"
            found.append(spot(result, cost, accuracy, of_what))
        if len(found) > 1:
            panels.append(_panel(leaderboard, found, series, counted))
            shown += [one.result for one in found]
    if not panels:
        return None
    left_out = _LEFT_OUT.format(labels=", ".join(dict.fromkeys(without))) if without else ""
    return figure(
        f"{prefix}-compute",
        f"Accuracy ({of_epochs(leaderboards[0].epochs)}) against compute",
        panels,
        series.of(shown),
        points=True,
        note=left_out if counted else _SECONDS,
    )


def _panel(leaderboard: Leaderboard, found: Sequence[Spot], series: Series, counted: bool) -> Panel:
    def draw(axes: Axes) -> None:
        plain(axes, "floating-point operations of a run" if counted else "seconds of a run", in_percent("Accuracy"))
        spots.draw(axes, found, series)
        axes.set_xscale("log")
        times = max(one.x for one in found) / min(one.x for one in found)
        few = LogLocator(subs=(1, 3) if times < 100 else (1,), numticks=6)
        axes.xaxis.set_major_locator(MaxNLocator(3) if times < 10 else few)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())

    return Panel(leaderboard.slug, leaderboard.noise, draw, lambda axes: spots.hover(axes, found, series))
