"""Draw figures by Matplotlib: SVG for the page in its colors, and files with title and legend."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from jnl.core.json_values import Json
from jnl.report import tables
from jnl.report.cells import Leaderboard, MethodResult
from jnl.report.style import look
from jnl.training import metrics

_INK = "#010203"  # the page replaces this by its text color
_STYLE = Path(__file__).with_name("figures.mplstyle")  # the user's own style is not used
_WIDTH, _HEIGHT = 4.6, 2.9  # inches; a phone shows figures at about this size
_BOX = (0.135, 0.155, 0.845, 0.80)  # position of the axes: left, bottom, width, height, as shares of the figure
_SQUARE = (0.24, 0.26, 0.6, 0.72)  # the same for a matrix
_FEW = 6  # up to this number of epochs, each point has a marker
_LONG = 32  # if a label has more letters, the legend has one label per line
_MOST_NAMES = 20  # up to this number of classes, the axes show their names
_DOTS = 200  # dots per inch of PNG files


class Figure(NamedTuple):
    """One figure in all its formats."""

    name: str  # name of its files
    caption: str
    inline: str  # SVG for the page
    svg: bytes
    png: bytes
    hover: Json  # data that the page needs to show values under the pointer


def draw(board: Leaderboard, numbers: Mapping[str, int], prefix: str) -> list[Figure]:
    """Draw all figures of a board.

    Args:
      board: the cells to draw.
      numbers: label of a cell -> number of its look.
      prefix: the start of the names of files and of the ids in the page.
    """
    judged = {cell.judged for cell in board.cells}
    what = "Test accuracy" if judged == {"test_accuracy"} else "Accuracy on test or, without, noisy validation labels"
    found = [_epochs(board, numbers, prefix, "", what)]
    captions = {name: metrics.make(name).caption for name in metrics.names()}
    found += [_epochs(board, numbers, prefix, name, caption) for name, caption in captions.items() if caption]
    found += [_classes(board, numbers, prefix), _compute(board, numbers, prefix)]
    found += [_matrix(board, matrix, prefix) for matrix in tables.matrices(board)]
    return [figure for figure in found if figure is not None]


def _epochs(board: Leaderboard, numbers: Mapping[str, int], prefix: str, name: str, caption: str) -> Figure | None:
    """Draw a curve in percent against epochs, with mean and standard deviation over runs. None if no cell has it."""
    found: list[tuple[MethodResult, np.ndarray]] = []
    for cell in board.cells:
        curve = cell.curve(name or cell.judged)
        if curve is not None:
            found.append((cell, 100 * curve))
    if not found:
        return None
    canvas, axes = _canvas("epoch", "%")
    series: list[Json] = []
    for cell, curve in found:
        number, epochs = numbers[cell.label], cell.epochs()
        mean, std = _over_runs(curve)
        color, dashes, marker = look(number)
        (line,) = axes.plot(epochs, mean, color=color, dashes=dashes or (1, 0), lw=1.4, gid=f"s-{number}-l")
        if len(epochs) <= _FEW:
            line.set(marker=marker, markersize=3)
        axes.fill_between(epochs, mean - std, mean + std, color=color, alpha=0.16, lw=0, gid=f"s-{number}-b")
        series.append(_values(cell, number, int(epochs[0]), curve))
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    hover = _columns(axes, series, [])
    cells = [cell for cell, _ in found]
    return _finish(canvas, f"{prefix}-{name or 'accuracy'}", board, caption, cells, numbers, hover)


def _values(cell: MethodResult, number: int, first: int, curves: np.ndarray) -> Json:
    """Return mean and standard deviation over runs for the page: f64[S, X]. One known run has no deviation."""
    mean, std = _over_runs(curves)
    several = np.isfinite(curves).sum(0) > 1
    values_of_epochs: list[Json] = [
        [_rounded(one), _rounded(other) if more else None] for one, other, more in zip(mean, std, several, strict=True)
    ]
    return {"series": number, "label": cell.label, "first": first, "values": values_of_epochs}


def _columns(axes: Axes, series: list[Json], names: Sequence[str]) -> Json:
    """Return the hover data of values at whole numbers, which are epochs or positions in `names`."""
    return {"kind": "columns", "box": _BOX, "limits": axes.get_xlim(), "series": series, "names": tuple(names)}


def _classes(board: Leaderboard, numbers: Mapping[str, int], prefix: str) -> Figure | None:
    """Draw the accuracy of each class in the last epoch. Return None if it is not recorded."""
    known = [(cell, 100 * values) for cell in board.cells if (values := tables.of_classes(cell)) is not None]
    if not known:
        return None
    names = tables.class_names(board, max(values.shape[1] for _, values in known))
    canvas, axes = _canvas("class", "%")
    series: list[Json] = []
    for cell, values in known:
        number = numbers[cell.label]
        color, _, marker = look(number)
        size = 4 if len(names) <= _MOST_NAMES else 2
        axes.plot(_over_runs(values)[0], marker, color=color, ms=size, gid=f"s-{number}-l")
        series.append(_values(cell, number, 0, values))
    if len(names) <= _MOST_NAMES:
        longest = 60 // len(names)  # letters per name, so that the names do not overlap
        axes.set_xticks(range(len(names)), [_short(name, max(2, longest)) for name in names], parse_math=False)
    else:
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    cells = [cell for cell, _ in known]
    caption = "Test accuracy of each class in the last epoch"
    return _finish(canvas, f"{prefix}-classes", board, caption, cells, numbers, _columns(axes, series, names), True)


def _short(name: str, most: int) -> str:
    """Return a name, cut to at most `most` letters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _over_runs(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation (ddof 0) of the known values: f64[S, E] -> f64[E], f64[E].

    They are NaN in epochs without a known value.
    """
    known = np.isfinite(curve)
    count = np.where(known.any(0), known.sum(0), np.nan)
    mean = np.where(known, curve, 0).sum(0) / count
    return mean, np.sqrt(np.where(known, (curve - mean) ** 2, 0).sum(0) / count)


def _rounded(value: float, digits: int = 2) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _compute(board: Leaderboard, numbers: Mapping[str, int], prefix: str) -> Figure | None:
    """Draw accuracy against operations, or against seconds if a cell does not record operations.

    Return None for fewer than two cells.
    """
    known = [(cell, *tables.cost(cell), cell.numbers().get(tables.TESTED)) for cell in board.cells if cell.whole()]
    counted = all(math.isfinite(operations) for _, _, operations, _ in known)
    canvas, axes = _canvas("floating-point operations of a run" if counted else "seconds of a run", "%")
    shown, spots = [], []
    for cell, seconds, operations, accuracy in known:
        cost = operations if counted else seconds
        if accuracy is None or not math.isfinite(cost):
            continue
        number = numbers[cell.label]
        color, _, marker = look(number)
        mean, std = (100 * float(one[0]) for one in _over_runs(accuracy[:, None]))
        axes.plot([cost], [mean], marker, color=color, ms=5, gid=f"s-{number}-l")
        axes.plot([cost] * 2, [mean - std, mean + std], color=color, lw=1.4, gid=f"s-{number}-b")
        shown.append(cell)
        of_what = f"{cost:.3g} operations" if counted else f"{cost:.1f} s"
        spread = f" ± {std:.2f}" if len(accuracy) > 1 else ""
        spots.append((number, cost, mean, f"{mean:.2f}{spread}  {cell.label}, {of_what}"))
    if len(shown) < 2:
        return None
    axes.set_xscale("log")
    costs = [cost for _, cost, _, _ in spots]
    times = max(costs) / min(costs)
    locator = MaxNLocator(3) if times < 10 else LogLocator(subs=(1, 3) if times < 100 else (1,), numticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    caption = "Accuracy (last 10 epochs) against compute"
    to_share = axes.transData + canvas.transFigure.inverted()
    points: list[Json] = []
    for number, x, y, text in spots:
        across, up = to_share.transform((x, y))
        points.append({"series": number, "x": round(float(across), 4), "y": round(float(up), 4), "text": text})
    hover: Json = {"kind": "points", "points": points}
    return _finish(canvas, f"{prefix}-compute", board, caption, shown, numbers, hover, True)


def _matrix(board: Leaderboard, matrix: tables.Matrix, prefix: str) -> Figure:
    """Draw a noise matrix."""
    names = tables.class_names(board, len(matrix.values))
    with matplotlib.rc_context(fname=_STYLE):
        canvas = Canvas(figsize=(_WIDTH, 3.6))
        axes = canvas.add_axes(_SQUARE)
        image = axes.imshow(matrix.values, vmin=0, vmax=1, cmap="cividis", interpolation="nearest")
        if len(names) <= _MOST_NAMES:
            short = [_short(name, 11) for name in names]
            axes.set_xticks(range(len(names)), short, rotation=90, parse_math=False)
            axes.set_yticks(range(len(names)), short, parse_math=False)
        axes.set_xlabel("noisy label")
        axes.set_ylabel("true class")
        canvas.colorbar(image, cax=canvas.add_axes((0.88, 0.26, 0.03, 0.72))).outline.set_visible(False)
    axes.apply_aspect()  # the cells are square, so the box becomes smaller
    values: list[Json] = [[_rounded(value, 3) for value in row] for row in matrix.values]
    hover: Json = {"kind": "cells", "box": axes.get_position().bounds, "names": tuple(names), "values": values}
    return _finish(canvas, f"{prefix}-{matrix.name}", board, matrix.title, [], {}, hover)


def _canvas(x: str, y: str) -> tuple[Canvas, Axes]:
    """Return an empty figure and its axes, with these labels of the axes."""
    with matplotlib.rc_context(fname=_STYLE):
        canvas = Canvas(figsize=(_WIDTH, _HEIGHT))
        axes = canvas.add_axes(_BOX)
        axes.set_xlabel(x, labelpad=2)
        axes.set_ylabel(y, labelpad=2)
        axes.grid(alpha=0.25, lw=0.5, color=_INK)
    return canvas, axes


def _finish(
    canvas: Canvas,
    name: str,
    board: Leaderboard,
    caption: str,
    cells: Sequence[MethodResult],
    numbers: Mapping[str, int],
    hover: Json,
    points: bool = False,
) -> Figure:
    """Save the figure for the page, then add title and legend, and save it for the files.

    If `points` is true, the legend shows markers in place of lines.
    """
    inline = _inline(_saved(canvas, "svg"), name)
    with matplotlib.rc_context(fname=_STYLE):
        handles = [_handle(numbers[cell.label], points) for cell in cells]
        width, height = canvas.get_size_inches()
        columns = 1 if max((len(cell.label) for cell in cells), default=0) > _LONG else 2
        more = 0.4 + 0.145 * math.ceil(len(cells) / columns)  # inches, for title and legend
        for axes in canvas.axes:
            left, bottom, across, up = axes.get_position().bounds
            share = height / (height + more)
            axes.set_position((left, 1 - 0.32 / (height + more) - (1 - bottom) * share, across, up * share))
        canvas.set_size_inches(width, height + more)
        title = canvas.suptitle(f"{board.title}\n{caption}", fontsize=8, y=0.995, va="top")
        title.set_parse_math(False)
        if handles:
            labels = [cell.label for cell in cells]
            legend = canvas.legend(handles, labels, loc="lower center", ncols=columns, fontsize=7, borderpad=0)
            for text in legend.get_texts():
                text.set_parse_math(False)
    return Figure(name, caption, inline, _saved(canvas, "svg"), _saved(canvas, "png"), hover)


def _handle(number: int, points: bool) -> Line2D:
    """Return the legend entry of a series: a marker or a line."""
    color, dashes, marker = look(number)
    if points:
        return Line2D([], [], color=color, marker=marker, linestyle="none", markersize=5)
    return Line2D([], [], color=color, dashes=dashes or (1, 0))


def _saved(canvas: Canvas, form: str) -> bytes:
    """Return the figure as a file without a date, so that the same numbers give the same bytes."""
    file = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with matplotlib.rc_context(fname=_STYLE):
        canvas.savefig(file, format=form, dpi=_DOTS, transparent=form == "svg", metadata=metadata)
    return file.getvalue()


def _inline(svg: bytes, name: str) -> str:
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
    return text.replace(_INK, "currentColor").replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
