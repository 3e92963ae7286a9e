"""How the figures of the studies look."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")
_LINES = ("-", "--", "-.", "-", ":")  # what lies under another line is still seen


def panels(titles: Sequence[str], labels: Sequence[tuple[str, str]]) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side, with their titles and labels of x and y."""
    figure = Figure(figsize=(4.6 * len(titles), 3.8), layout="constrained")
    axes = list(figure.subplots(1, len(titles), squeeze=False)[0])
    for axis, title, (across, up) in zip(axes, titles, labels, strict=True):
        axis.set(title=title, xlabel=across, ylabel=up)
        axis.grid(alpha=0.3)
        axis.set_prop_cycle(color=_COLOURS, linestyle=_LINES)
    return figure, axes


def band(axis: Axes, x: Sequence[float] | np.ndarray, runs: np.ndarray, label: str) -> None:
    """The mean of f[S, E] over runs, and one standard deviation around it."""
    mean, deviation = runs.mean(0), runs.std(0)
    (line,) = axis.plot(x, mean, label=label, marker="." if len(mean) < 20 else "")
    axis.fill_between(x, mean - deviation, mean + deviation, color=line.get_color(), alpha=0.2, linewidth=0)
