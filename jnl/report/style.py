"""The look of series: colors that are visible on the white and on the dark page, line styles and markers."""

from typing import NamedTuple

# Each color has a contrast of 3 : 1 or more with both backgrounds.
COLORS = ("#2f7fd1", "#d1602b", "#2a9150", "#b0559c", "#8a7a1c", "#c8455a", "#1d8f95", "#7c6ee0", "#8f8f8f", "#a6702f")
DASHES = ((), (6, 2), (1.5, 1.5), (6, 2, 1.5, 2))  # lengths of lines and gaps, in line widths
MARKERS = ("o", "s", "^", "D")


class Look(NamedTuple):
    """The look of one series."""

    color: str
    dashes: tuple[float, ...]
    marker: str


def look(number: int) -> Look:
    """Return the look of a series by its number. The first forty looks are all different."""
    style = (number + number // (2 * len(COLORS))) % len(DASHES)
    return Look(COLORS[number % len(COLORS)], DASHES[style], MARKERS[style])
