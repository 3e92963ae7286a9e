"""Draw panels by Matplotlib: each as SVG for the page in its colors, all together as files with titles and a legend."""

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jnl.core.json_values import Json
from jnl.core.matplotlib_parts import Axes, Line2D, rc_context
from jnl.core.matplotlib_parts import Figure as Canvas
from jnl.report.style import Look

INK = "#010203"  # the page replaces this by its text color
_STYLE = Path(__file__).with_name("figures.mplstyle")  # the user's own style is not used
_DOTS = 200  # dots per inch of PNG files
_ACROSS = 4  # largest number of panels side by side in a file
_FEW = 2  # up to this number of panels, each is larger
_LEFT, _BOTTOM, _RIGHT = 0.52, 0.42, 0.1  # inches around the axes of a panel; the last one is also above them
_TITLE = 0.25  # inches for a title
_LONG = 32  # if a label has more letters, the legend has fewer columns


class Panel(NamedTuple):
    """One panel of a figure, before it is drawn."""

    name: str  # the end of its id in the page
    title: str
    draw: Callable[[Axes], None]
    hover: Callable[[Axes], Json]  # the data that the page needs to show values under the pointer, from drawn axes


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


def figure(
    name: str,
    caption: str,
    panels: Sequence[Panel],
    looks: Mapping[str, Look],
    points: bool = False,
    square: bool = False,
) -> Figure:
    """Draw a figure.

    Args:
      name: name of its files, and the start of the ids of its panels.
      caption: what it shows.
      panels: its panels.
      looks: the looks of the labels in the legend of the files.
      points: whether the legend shows markers in place of lines.
      square: whether the panels are matrices.
    """
    size = (3.6, 3.1) if square else (3.5, 2.6) if len(panels) > _FEW else (5.0, 3.0)
    drawn = [_inline(f"{name}-{panel.name}", panel, size) for panel in panels]
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    columns = across * (2 if max(map(len, looks), default=0) <= _LONG else 1)
    legend_height = 0.16 * -(-len(looks) // columns) + 0.1 if looks else 0.0
    cell = size[1] + _TITLE
    width, height = size[0] * across, cell * down + _TITLE + legend_height
    with rc_context(fname=_STYLE):
        canvas = Canvas((width, height))
        for number, panel in enumerate(panels):
            row, column = divmod(number, across)
            corner = size[0] * column, height - _TITLE - cell * (row + 1)
            axes = canvas.add_axes(_place(size, corner, (width, height)))
            panel.draw(axes)
            axes.set_title(panel.title, fontsize=8).set_parse_math(False)
        canvas.suptitle(caption, fontsize=9, y=1 - 0.06 / height, va="top").set_parse_math(False)
        if looks:
            handles = [_handle(look, points) for look in looks.values()]
            legend = canvas.legend(handles, list(looks), loc="lower center", ncols=columns, fontsize=7)
            for text in legend.get_texts():
                text.set_parse_math(False)
    return Figure(name, caption, drawn, _saved(canvas, "svg"), _saved(canvas, "png"), square)


def _inline(name: str, panel: Panel, size: tuple[float, float]) -> Drawn:
    """Draw one panel for the page."""
    with rc_context(fname=_STYLE):
        canvas = Canvas(size)
        axes = canvas.add_axes(_place(size, (0, 0), size))
        panel.draw(axes)
    svg = _saved(canvas, "svg")
    return Drawn(name, panel.title, _for_page(svg, name), panel.hover(axes))


def _place(
    size: tuple[float, float], corner: tuple[float, float], whole: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return the position of the axes of a panel as shares of the figure: left, bottom, width, height.

    Args:
      size: width and height of the panel in inches.
      corner: its lower left corner in the figure.
      whole: width and height of the figure.
    """
    left, bottom = corner[0] + _LEFT, corner[1] + _BOTTOM
    width, height = size[0] - _LEFT - _RIGHT, size[1] - _BOTTOM - _RIGHT
    return left / whole[0], bottom / whole[1], width / whole[0], height / whole[1]


def _handle(look: Look, points: bool) -> Line2D:
    """Return the legend entry of a series: a marker or a line."""
    if points:
        return Line2D([], [], color=look.color, marker=look.marker, linestyle="none", markersize=5)
    return Line2D([], [], color=look.color, dashes=look.dashes or (1, 0))


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


def _for_page(svg: bytes, name: str) -> str:
    """Return the SVG element for the page.

    Its ids begin with `name`, its series are elements of the class `series`, its text has the color of the page, and it
    has a shape but no size.
    """
    text = svg.decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'id="s-(\d+)-\w"', r'class="series" data-series="\1"', text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    return text.replace(INK, "currentColor").replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)


def rounded(value: float, digits: int = 2) -> float | None:
    """Return a number for the page, or None if it is not finite."""
    return round(float(value), digits) if math.isfinite(value) else None
