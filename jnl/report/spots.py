"""Results as points with a line of one standard deviation, and their numbers under the pointer."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jnl.report.drawing import keep_percent, rounded
from jnl.report.grouping import MethodResult
from jnl.report.series import Series
from jnl.report.table import spread
from jnl.results import statistics
from jnl.support.json_values import Json
from jnl.support.matplotlib_parts import Axes


class Spot(NamedTuple):
    """A result in a figure of accuracy against another number."""

    result: MethodResult
    x: float
    mean: float  # percent
    std: float
    text: str  # what the page shows under the pointer


def spot(result: MethodResult, x: float, accuracy: np.ndarray, of_what: str) -> Spot:
    """Return the point of a result.

    Args:
      result: the result.
      x: its place on the horizontal axis.
      accuracy: f64[S] between 0 and 1, NaN for failed runs.
      of_what: what `x` is, for the text.
    """
    found = statistics.mean(accuracy)
    return Spot(result, x, 100 * found.mean, 100 * found.std, f"{spread(found)}  {result.label}, {of_what}")


def draw(axes: Axes, spots: Sequence[Spot], series: Series) -> None:
    """Draw each point with a vertical line of one standard deviation (ddof 0) to each side."""
    for one in spots:
        number, look = series.numbers[one.result.label], series.looks[one.result.label]
        axes.plot([one.x], [one.mean], look.marker, color=look.color, ms=5, gid=f"s-{number}-l", clip_on=False)
        ends = np.clip([one.mean - one.std, one.mean + one.std], 0, 100)
        axes.plot([one.x] * 2, ends, color=look.color, lw=1.4, gid=f"s-{number}-b")
    keep_percent(axes)


def hover(axes: Axes, spots: Sequence[Spot], series: Series) -> Json:
    """Return the hover data of points, from drawn axes."""
    to_share = axes.transData + axes.figure.transSubfigure.inverted()
    points: list[Json] = []
    for one in spots:
        across, up = to_share.transform((one.x, one.mean))
        number = series.numbers[one.result.label]
        points.append({"series": number, "x": rounded(across, 4), "y": rounded(up, 4), "text": one.text})
    return {"kind": "points", "points": points}
