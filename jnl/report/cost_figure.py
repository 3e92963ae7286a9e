"""The figure of the accuracy of each method against what it costs."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jnl.report import tables
from jnl.report.comparing import of_epochs, tested
from jnl.report.drawing import Figure, Panel, figure, in_percent, keep_percent, plain, rounded
from jnl.report.grouping import Leaderboard, MethodResult
from jnl.report.series import Series
from jnl.report.table import spread
from jnl.results import statistics
from jnl.support.json_values import Json
from jnl.support.matplotlib_parts import Axes, LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

_SECONDS = "No training has recorded its operations. Seconds of other machines are not comparable."
_LEFT_OUT = "Methods are left out where their operations are not recorded: {labels}."


class Spot(NamedTuple):
    """A result in the figure of accuracy against compute."""

    result: MethodResult
    cost: float
    mean: float  # percent
    std: float
    text: str


def draw(leaderboards: Sequence[Leaderboard], series: Series, prefix: str) -> Figure | None:
    """Draw accuracy against operations or, if no result records operations, against seconds.

    Noises with fewer than two results are left out. Return None if there is no other one.
    """
    costs = [[tables.cost(result) for result in leaderboard.results] for leaderboard in leaderboards]
    counted = any(math.isfinite(operations) for inside in costs for _, operations in inside)
    panels, shown, without = [], [], []
    for leaderboard, inside in zip(leaderboards, costs, strict=True):
        spots = []
        for result, (seconds, operations) in zip(leaderboard.results, inside, strict=True):
            accuracy = result.numbers().get(tested(leaderboard.epochs))
            cost = operations if counted else seconds
            if accuracy is None or not math.isfinite(cost):
                without += [] if accuracy is None else [result.label]
                continue
            found = statistics.mean(accuracy)
            of_what = f"{cost:.3g} operations" if counted else f"{cost:.1f} s"
            text = f"{spread(found)}  {result.label}, {of_what}"
            spots.append(Spot(result, cost, 100 * found.mean, 100 * found.std, text))
        if len(spots) > 1:
            panels.append(_panel(leaderboard, spots, series, counted))
            shown += [spot.result for spot in spots]
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


def _panel(leaderboard: Leaderboard, spots: Sequence[Spot], series: Series, counted: bool) -> Panel:
    def draw(axes: Axes) -> None:
        plain(axes, "floating-point operations of a run" if counted else "seconds of a run", in_percent("Accuracy"))
        for one in spots:
            number, look = series.numbers[one.result.label], series.looks[one.result.label]
            axes.plot([one.cost], [one.mean], look.marker, color=look.color, ms=5, gid=f"s-{number}-l", clip_on=False)
            ends = np.clip([one.mean - one.std, one.mean + one.std], 0, 100)
            axes.plot([one.cost] * 2, ends, color=look.color, lw=1.4, gid=f"s-{number}-b")
        keep_percent(axes)
        axes.set_xscale("log")
        times = max(one.cost for one in spots) / min(one.cost for one in spots)
        few = LogLocator(subs=(1, 3) if times < 100 else (1,), numticks=6)
        axes.xaxis.set_major_locator(MaxNLocator(3) if times < 10 else few)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())

    def hover(axes: Axes) -> Json:
        to_share = axes.transData + axes.figure.transSubfigure.inverted()
        points: list[Json] = []
        for one in spots:
            across, up = to_share.transform((one.cost, one.mean))
            number = series.numbers[one.result.label]
            points.append({"series": number, "x": rounded(across, 4), "y": rounded(up, 4), "text": one.text})
        return {"kind": "points", "points": points}

    return Panel(leaderboard.slug, leaderboard.noise, draw, hover)
