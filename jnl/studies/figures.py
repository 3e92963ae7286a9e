"""The common style and the common parts of the figures of the studies."""

from collections.abc import Sequence

import numpy as np

from jnl.support.matplotlib_parts import Axes, Figure

_COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")
_LINES = ("-", "--", "-.", "-", ":")  # so that a line under another line can be seen


def panels(titles: Sequence[str], labels: Sequence[tuple[str, str]]) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels side by side, and its axes.

    Args:
      titles: the title of each panel.
      labels: the labels of x and y of each panel.
    """
    figure = Figure(figsize=(4.6 * len(titles), 3.8), layout="constrained")
    axes = list(figure.subplots(1, len(titles), squeeze=False)[0])
    for axis, title, (across, up) in zip(axes, titles, labels, strict=True):
        axis.set(title=title, xlabel=across, ylabel=up)
        axis.grid(alpha=0.3)
        axis.set_prop_cycle(color=_COLORS, linestyle=_LINES)
    return figure, axes


def band(axis: Axes, x: Sequence[float] | np.ndarray, runs: np.ndarray, label: str) -> None:
    """Draw the mean over runs, with a band of one standard deviation around it.

    Args:
      axis: the panel.
      x: the E positions on the x axis.
      runs: [S, E] values.
      label: the label of the line in the legend.
    """
    mean, deviation = runs.mean(0), runs.std(0)
    (line,) = axis.plot(x, mean, label=label, marker="." if len(mean) < 20 else "")
    axis.fill_between(x, mean - deviation, mean + deviation, color=line.get_color(), alpha=0.2, linewidth=0)
