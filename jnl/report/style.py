"""The look of series: colors that are visible on the white and on the dark page, line styles and markers.

A method keeps its look in every report. Methods that jnl does not have get colors that no method of jnl has.
"""

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from jnl.report.methods import TITLES, in_order

# Each color has a contrast of 3 : 1 or more with both backgrounds.
COLORS = ("#8f8f8f", "#d1602b", "#2a9150", "#2f7fd1", "#7c6ee0", "#c8455a", "#a6702f", "#1d8f95", "#8a7a1c")
OTHER_COLORS = ("#c13ec9", "#5f8a1e", "#b0559c")
# Lengths of lines and gaps, in line widths. The first ones are for the methods, the others for other settings of them.
DASHES = ((), (6, 2), (1.5, 1.5), (6, 2, 1.5, 2), (3, 1.5), (8, 2, 1.5, 2, 1.5, 2), (1, 3), (10, 3), (4, 1.5, 1, 1.5))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "p")


class Look(NamedTuple):
    """The look of one series."""

    color: str
    dashes: tuple[float, ...]
    marker: str


def looks(strategies: Mapping[str, str]) -> dict[str, Look]:
    """Return the look of each label: label -> look.

    The first label of a method has the look of the method. The others have its color and a line style of their own.

    Args:
      strategies: label -> its method, for all labels of a report, in the order in which they are listed.
    """
    others = [name for name in in_order(set(strategies.values())) if name not in TITLES]
    found: dict[str, Look] = {}
    seen: set[str] = set()
    further = Counter[str]()  # color -> number of labels so far that are not the first of their method
    for label, strategy in strategies.items():
        ours = strategy in TITLES
        names, colors = (list(TITLES), COLORS) if ours else (others, OTHER_COLORS)
        style, place = divmod(names.index(strategy), len(colors))
        color = colors[place]
        if strategy in seen:
            style = math.ceil(len(names) / len(colors)) + further[color]
            further[color] += 1
        seen.add(strategy)
        found[label] = Look(color, DASHES[style % len(DASHES)], MARKERS[style % len(MARKERS)])
    return found
