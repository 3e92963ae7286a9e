"""The figures of a setup, with one panel for each noise, as the papers have them."""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from jnl.report import cost_figure, rate_figure, tables, words
from jnl.report.drawing import INK, Figure, Panel, box, figure, in_percent, keep_percent, plain, rounded
from jnl.report.grouping import Leaderboard, MethodResult
from jnl.report.reading import Described, are_shares
from jnl.report.series import Series
from jnl.report.table import NOTHING
from jnl.support.json_values import Json
from jnl.support.matplotlib_parts import Axes, MaxNLocator
from jnl.training import metrics

PRECISION = "label_precision"
_FEW = 6  # up to this number of epochs, each point has a marker
_MOST_BANDS = 12  # with more curves, there are no bands over runs
_WIDTH = 0.005  # of the scale: curves that are nearer than this everywhere lie on each other
_BESIDE = 0.6  # share of the distance between two classes in which their points lie beside each other
_BRIGHT = 0.5  # the color of a cell with this value or a higher one is bright
_MOST_VALUES = 12  # up to this number of classes, the cells of a matrix show their values
_MOST_NAMES = 20  # up to this number of classes, the axes show their names


class Values(NamedTuple):
    """Mean and standard deviation over runs of one result, at whole numbers: epochs or classes."""

    result: MethodResult
    first: int
    mean: np.ndarray  # f64[X]
    std: np.ndarray  # f64[X]
    several: np.ndarray  # bool[X] whether more than one run has a value


def main(leaderboards: Sequence[Leaderboard], series: Series, prefix: str) -> list[Figure]:
    """Draw the figures of the papers: test accuracy and label precision over epochs, and accuracy against the rate."""
    judged = {result.judged for leaderboard in leaderboards for result in leaderboard.results}
    accuracy = "Test accuracy" if judged == {"test_accuracy"} else "Accuracy on test or noisy validation labels"
    precision = Described("Label precision", True)
    found = [curve(leaderboards, series, prefix, "", Described(accuracy, True))]
    found.append(curve(leaderboards, series, prefix, PRECISION, precision))
    found.append(rate_figure.draw(leaderboards, series, prefix))
    return [one for one in found if one is not None]


def further(leaderboards: Sequence[Leaderboard], series: Series, prefix: str) -> list[Figure]:
    """Draw the other metrics over epochs, the accuracy of each class, and the accuracy against compute."""
    known = {
        name: Described(one.caption, one.is_share) for name in metrics.names() if (one := metrics.make(name)).caption
    }
    for leaderboard in leaderboards:
        for result in leaderboard.results:
            for point in result.points:
                known |= point.metrics
    found = [
        curve(leaderboards, series, prefix, name, _as_measured(leaderboards, name, one))
        for name, one in known.items()
        if name != PRECISION
    ]
    found += [_classes(leaderboards, series, prefix), cost_figure.draw(leaderboards, series, prefix)]
    return [one for one in found if one is not None]


def _as_measured(leaderboards: Sequence[Leaderboard], name: str, metric: Described) -> Described:
    """Return a metric with the scale of its values. If they are no shares, its caption says so."""
    runs = [
        run
        for leaderboard in leaderboards
        for result in leaderboard.results
        for run in result.whole()
        if name in run.curves
    ]
    if not metric.is_share or all(are_shares(run.curves[name]) for run in runs):
        return metric
    return Described(f"{metric.caption} (not in percent, because some values are outside 0 to 1)", False)


def curve(
    leaderboards: Sequence[Leaderboard], series: Series, prefix: str, name: str, metric: Described
) -> Figure | None:
    """Draw a curve against epochs, with a band of one standard deviation over runs. Return None if no result has it.

    Args:
      leaderboards: the leaderboards, one for each panel. All panels have the same scale.
      series: numbers and looks of the labels.
      prefix: the start of the names of files.
      name: the name of the curve; empty for the judged accuracy.
      metric: caption and scale of the curve.
    """
    scale, highest = (100, 100.0) if metric.is_share else (1, math.inf)
    found: list[tuple[Leaderboard, list[Values]]] = []
    for leaderboard in leaderboards:
        of_results = []
        for result in leaderboard.results:
            values = result.curve(name or result.judged)
            if values is not None:
                of_results.append(_values(result, leaderboard.epochs - len(result.epochs()), scale * values))
        if of_results:
            found.append((leaderboard, of_results))
    if not found:
        return None
    limits = _limits([one for _, of_results in found for one in of_results], highest)
    label = in_percent(metric.caption) if metric.is_share else metric.caption
    panels = [
        _over_epochs(leaderboard, of_results, series, limits, label, highest, name == PRECISION)
        for leaderboard, of_results in found
    ]
    shown = [one.result for _, of_results in found for one in of_results]
    note = _of_second_training(found) + _on_each_other(found, _WIDTH * (limits[1] - limits[0]))
    return figure(f"{prefix}-{name or 'accuracy'}", metric.caption, panels, series.of(shown), note=note.strip())


def _of_second_training(found: Sequence[tuple[Leaderboard, list[Values]]]) -> str:
    """Return the sentence about the curves that leave out a first training, or no text."""
    twice = dict.fromkeys(
        one.result.label
        for leaderboard, of_results in found
        for one in of_results
        if one.result.epochs()[-1] >= leaderboard.epochs
    )
    return f" The curves of these methods show their second training: {', '.join(twice)}." if twice else ""


def _on_each_other(found: Sequence[tuple[Leaderboard, list[Values]]], width: float) -> str:
    """Return the sentence about curves of one panel that differ by less than `width` everywhere, or no text."""
    hide = any(
        one.mean.shape == other.mean.shape and np.allclose(one.mean, other.mean, rtol=0, atol=width, equal_nan=True)
        for _, of_results in found
        for one, other in combinations(of_results, 2)
    )
    return " Some curves lie on each other." if hide else ""


def _limits(values: Sequence[Values], highest: float) -> tuple[float, float]:
    """Return the limits of the scale that all panels share."""
    low = min(np.nanmin(one.mean - one.std) for one in values)
    high = max(np.nanmax(one.mean + one.std) for one in values)
    margin = 0.03 * (min(high, highest) - low) or 1.0
    low, high = low - margin, min(high + margin, highest)
    return float(max(low, 0.0) if highest < math.inf else low), float(high)


def _over_epochs(
    leaderboard: Leaderboard,
    values: Sequence[Values],
    series: Series,
    limits: tuple[float, float],
    label: str,
    highest: float,
    precision: bool,
) -> Panel:
    """Return a panel of curves. For the label precision, it has a line for a random choice."""
    shares = [words.chance(one.result) for one in values] if precision else []
    chance = next((100 * share for share in shares if math.isfinite(share)), math.nan)

    def draw(axes: Axes) -> None:
        plain(axes, "epoch", label)
        for one in values:
            number, look = series.numbers[one.result.label], series.looks[one.result.label]
            epochs = one.first + np.arange(len(one.mean))
            dashes = look.dashes or (1, 0)
            (line,) = axes.plot(
                epochs,
                one.mean,
                color=look.color,
                dashes=dashes,
                lw=1.4 if len(values) <= _MOST_BANDS else 1,
                gid=f"s-{number}-l",
                clip_on=False,  # the line is whole also at the end of the scale
            )
            if len(epochs) <= _FEW:
                line.set(marker=look.marker, markersize=3)
            low, high = one.mean - one.std, one.mean + one.std
            if highest < math.inf:
                low, high = np.clip(low, 0, highest), np.clip(high, 0, highest)
            if len(values) <= _MOST_BANDS:
                axes.fill_between(epochs, low, high, color=look.color, alpha=0.16, lw=0, gid=f"s-{number}-b")
        if limits[0] <= chance <= limits[1]:
            axes.axhline(chance, color=INK, lw=0.8, dashes=(2, 2))
            axes.annotate("random choice", (1, chance), (0, 2), ("axes fraction", "data"), "offset points",
                          ha="right", fontsize=7)  # fmt: skip
        axes.margins(x=0.02)
        axes.set_ylim(limits)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))

    return Panel(leaderboard.slug, leaderboard.noise, draw, lambda axes: _columns(axes, values, series, []))


def _values(result: MethodResult, first: int, curve: np.ndarray) -> Values:
    """Return mean and deviation (ddof 0) over runs of the known values f64[S, X]. They are NaN without one."""
    known = np.isfinite(curve)
    count = np.where(known.any(0), known.sum(0), np.nan)
    mean = np.where(known, curve, 0).sum(0) / count
    std = np.sqrt(np.where(known, (curve - mean) ** 2, 0).sum(0) / count)
    return Values(result, first, mean, std, known.sum(0) > 1)


def _columns(axes: Axes, values: Sequence[Values], series: Series, names: Sequence[str]) -> Json:
    """Return the hover data of values at whole numbers, which are epochs or positions in `names`."""
    shown: list[Json] = []
    for one in values:
        pairs: list[Json] = [
            [rounded(mean), rounded(std) if more else None]
            for mean, std, more in zip(one.mean, one.std, one.several, strict=True)
        ]
        number, label = series.numbers[one.result.label], one.result.label
        shown.append({"series": number, "label": label, "first": one.first, "values": pairs})
    return {"kind": "columns", "box": box(axes), "limits": axes.get_xlim(), "series": shown, "names": tuple(names)}


def _classes(leaderboards: Sequence[Leaderboard], series: Series, prefix: str) -> Figure | None:
    """Draw the accuracy of each class in the last epoch. Return None if it is not recorded."""
    panels, shown = [], []
    for leaderboard in leaderboards:
        known = [(result, of) for result in leaderboard.results if (of := tables.of_classes(result)) is not None]
        if known:
            panels.append(_of_classes(leaderboard, [_values(result, 0, 100 * of) for result, of in known], series))
            shown += [result for result, _ in known]
    if not panels:
        return None
    caption = "Test accuracy of each class in the last epoch"
    return figure(f"{prefix}-classes", caption, panels, series.of(shown), points=True)


def _of_classes(leaderboard: Leaderboard, values: Sequence[Values], series: Series) -> Panel:
    names = tables.class_names(leaderboard, max(len(one.mean) for one in values))

    def draw(axes: Axes) -> None:
        plain(axes, "class", in_percent("Test accuracy"))
        for place, one in enumerate(values):
            number, look = series.numbers[one.result.label], series.looks[one.result.label]
            size = 4 if len(names) <= _MOST_NAMES else 2
            across = np.arange(len(one.mean)) + _BESIDE * ((place + 0.5) / len(values) - 0.5)
            axes.plot(across, one.mean, look.marker, color=look.color, ms=size, gid=f"s-{number}-l", clip_on=False)
        keep_percent(axes)
        if len(names) <= _MOST_NAMES:
            longest = 50 // len(names)  # letters per name, so that the names do not overlap
            axes.set_xticks(range(len(names)), [_short(name, max(2, longest)) for name in names], parse_math=False)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))

    return Panel(leaderboard.slug, leaderboard.noise, draw, lambda axes: _columns(axes, values, series, names))


def _short(name: str, most: int) -> str:
    """Return a name, cut to at most `most` letters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def noise(leaderboard: Leaderboard, prefix: str) -> Figure | None:
    """Draw the noise matrices of a leaderboard, true and estimated. Return None if there is none."""
    found = tables.matrices(leaderboard)
    panels = [_matrix(one, tables.class_names(leaderboard, len(one.values))) for one in found]
    return (
        figure(f"{prefix}-matrices", f"Noise matrices, {leaderboard.noise}", panels, {}, square=True)
        if panels
        else None
    )


def _matrix(matrix: tables.Matrix, names: Sequence[str]) -> Panel:
    size = min(8.0, 60 / len(names))

    def draw(axes: Axes) -> None:
        axes.imshow(matrix.values, vmin=0, vmax=1, cmap="cividis", interpolation="nearest")
        if len(names) <= _MOST_NAMES:
            short = [_short(name, 6) for name in names]
            axes.set_xticks(range(len(names)), short, rotation=90, parse_math=False)
            axes.set_yticks(range(len(names)), short, parse_math=False)
        if len(names) <= _MOST_VALUES:
            for (row, column), value in np.ndenumerate(matrix.values):
                text = f"{value:.2f}" if math.isfinite(value) else NOTHING
                color = "black" if value >= _BRIGHT else "white"
                axes.text(column, row, text, color=color, ha="center", va="center", fontsize=size)
        axes.set_xlabel("noisy label")
        axes.set_ylabel("true class")

    def hover(axes: Axes) -> Json:
        axes.apply_aspect()  # the cells are square, so the box becomes smaller
        values: list[Json] = [[rounded(value, 3) for value in row] for row in matrix.values]
        return {"kind": "cells", "box": box(axes), "names": tuple(names), "values": values}

    return Panel(matrix.name, matrix.title, draw, hover)
