"""Draw panels by Matplotlib: each as SVG for the page in its colors, all together as files with titles and a legend."""

import io
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jnl.report.style import Look
from jnl.support.json_values import Json
from jnl.support.matplotlib_parts import Axes, Line2D, rc_context
from jnl.support.matplotlib_parts import Figure as Canvas

INK = "#010203"  # the page replaces this by its text color
_STYLE = Path(__file__).with_name("figures.mplstyle")  # the user's own style is not used
_DOTS = 200  # dots per inch of PNG files
_ACROSS = 4  # largest number of panels side by side in a file
_FEW = 2  # up to this number of panels, each is larger
_SPACE = 0.04  # least number of inches between a text and the edge of its panel
_TITLE = 0.25  # inches for a title
_NOTE = 0.13  # inches for a line of a note
_PER_INCH = 15  # letters of a note
_LETTERS = 28  # letters in a line of the label of a vertical axis
_LONG = 32  # if a label has more letters, the legend has fewer columns


class Panel(NamedTuple):
    """One panel of a figure, before it is drawn."""

    name: str  # the end of its id in the page
    title: str
    draw: Callable[[Axes], None]
    hover: Callable[[Axes], Json]  # the data that the page needs to show values under the pointer, from drawn axes


class Margins(NamedTuple):
    """Inches around the axes of a panel. They grow where labels need more than these."""

    left: float = 0.52
    bottom: float = 0.42
    right: float = 0.1
    top: float = 0.1


class Drawn(NamedTuple):
    """One panel for the page."""

    name: str  # its id
    title: str
    inline: str  # SVG
    hover: Json


class Figure(NamedTuple):
    """One figure: its panels for the page, and files with all of them."""

    name: str  # name of its files
    caption: str
    panels: list[Drawn]
    svg: bytes
    png: bytes
    square: bool  # whether the panels are matrices
    note: str  # sentences below the caption


def figure(
    name: str,
    caption: str,
    panels: Sequence[Panel],
    looks: Mapping[str, Look],
    points: bool = False,
    square: bool = False,
    note: str = "",
) -> Figure:
    """Draw a figure.

    Args:
      name: name of its files, and the start of the ids of its panels.
      caption: what it shows.
      panels: its panels.
      looks: the looks of the labels in the legend of the files.
      points: whether the legend shows markers in place of lines.
      square: whether the panels are matrices.
      note: sentences below the caption.
    """
    size = (3.6, 3.1) if square else (3.5, 2.6) if len(panels) > _FEW else (5.0, 3.0)
    with rc_context(fname=_STYLE):
        alone = [Canvas(size) for _ in panels]
        for canvas, panel in zip(alone, panels, strict=True):
            panel.draw(canvas.add_axes((0, 0, 1, 1)))
        margins = _fitted(alone, size)
    drawn = [_for_page(f"{name}-{panel.name}", panel, canvas) for canvas, panel in zip(alone, panels, strict=True)]
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    columns = across * (2 if max(map(len, looks), default=0) <= _LONG else 1)
    legend_height = 0.16 * -(-len(looks) // columns) + 0.1 if looks else 0.0
    lines = textwrap.wrap(note, int(_PER_INCH * size[0] * across))
    top, cell = _TITLE + _NOTE * len(lines), size[1] + _TITLE
    width, height = size[0] * across, cell * down + top + legend_height
    with rc_context(fname=_STYLE):
        canvas = Canvas((width, height))
        for number, panel in enumerate(panels):
            row, column = divmod(number, across)
            corner = size[0] * column, height - top - cell * (row + 1)
            axes = canvas.add_axes(_place(size, corner, (width, height), margins))
            panel.draw(axes)
            axes.set_title(panel.title, fontsize=8).set_parse_math(False)
        canvas.suptitle(caption, fontsize=9, y=1 - 0.06 / height, va="top").set_parse_math(False)
        below = 1 - _TITLE / height
        canvas.text(0.5, below, "\n".join(lines), fontsize=7, ha="center", va="top").set_parse_math(False)
        if looks:
            handles = [_handle(look, points) for look in looks.values()]
            legend = canvas.legend(handles, list(looks), loc="lower center", ncols=columns, fontsize=7)
            for text in legend.get_texts():
                text.set_parse_math(False)
    return Figure(name, caption, drawn, _saved(canvas, "svg"), _saved(canvas, "png"), square, note)


def _fitted(alone: Sequence[Canvas], size: tuple[float, float]) -> Margins:
    """Place the axes of figures so that no label is cut off. Return the margins, which all of them have.

    Args:
      alone: figures with one panel each.
      size: width and height of each figure in inches.
    """
    margins = Margins()
    for _ in range(3):  # smaller axes can have other tick labels
        over = [0.0] * len(margins)
        for canvas in alone:
            canvas.axes[0].set_position(_place(size, (0, 0), size, margins))
            left, bottom, right, top = canvas.get_tightbbox().extents
            outside = _SPACE - left, _SPACE - bottom, right + _SPACE - size[0], top + _SPACE - size[1]
            over = list(map(max, over, outside))
        margins = Margins(*map(sum, zip(margins, over, strict=True)))
    for canvas in alone:
        canvas.axes[0].set_position(_place(size, (0, 0), size, margins))
    return margins


def _place(
    size: tuple[float, float], corner: tuple[float, float], whole: tuple[float, float], margins: Margins
) -> tuple[float, float, float, float]:
    """Return the position of the axes of a panel as shares of the figure: left, bottom, width, height.

    Args:
      size: width and height of the panel in inches.
      corner: its lower left corner in the figure.
      whole: width and height of the figure.
      margins: the margins of the panel.
    """
    left, bottom = corner[0] + margins.left, corner[1] + margins.bottom
    width, height = size[0] - margins.left - margins.right, size[1] - margins.bottom - margins.top
    return left / whole[0], bottom / whole[1], width / whole[0], height / whole[1]


def _handle(look: Look, points: bool) -> Line2D:
    """Return the legend entry of a series: a marker or a line."""
    if points:
        return Line2D([], [], color=look.color, marker=look.marker, linestyle="none", markersize=5)
    return Line2D([], [], color=look.color, dashes=look.dashes or (1, 0))


def plain(axes: Axes, x: str, y: str) -> None:
    """Label the axes and add the grid. A long label of the vertical axis has two lines, and ends there."""
    axes.set_xlabel(x, labelpad=2)
    lines = textwrap.wrap(y, _LETTERS, max_lines=2, placeholder=" …")
    axes.set_ylabel("\n".join(lines), labelpad=2, parse_math=False)
    axes.grid(alpha=0.25, lw=0.5, color=INK)


def in_percent(name: str) -> str:
    """Return the label of an axis for a share with this name."""
    return f"{name[:1].lower()}{name[1:]} (%)"


def keep_percent(axes: Axes) -> None:
    """Let the vertical axis end at 0 and 100 percent."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, 0.0), min(high, 100.0))


def box(axes: Axes) -> tuple[float, ...]:
    """Return the position of drawn axes: left, bottom, width, height, as shares of the figure."""
    return tuple(round(float(part), 5) for part in axes.get_position().bounds)


def _saved(canvas: Canvas, form: str) -> bytes:
    """Return the figure as a file without a date, so that the same numbers give the same bytes."""
    file = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with rc_context(fname=_STYLE):
        canvas.savefig(file, format=form, dpi=_DOTS, transparent=form == "svg", metadata=metadata)
    return file.getvalue()


def _for_page(name: str, panel: Panel, canvas: Canvas) -> Drawn:
    """Return a drawn panel for the page.

    Its ids begin with `name`, its series are elements of the class `series`, its text has the color of the page, and it
    has a shape but no size.
    """
    text = _saved(canvas, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'id="s-(\d+)-\w"', r'class="series" data-series="\1"', text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = text.replace(INK, "currentColor").replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    return Drawn(name, panel.title, text, panel.hover(canvas.axes[0]))


def rounded(value: float, digits: int = 2) -> float | None:
    """Return a number for the page, or None if it is not finite."""
    return round(float(value), digits) if math.isfinite(value) else None
