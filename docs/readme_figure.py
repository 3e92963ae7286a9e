"""Draw the figure of the README from recorded rows: `python docs/readme_figure.py`.

The rows are those of `results/mnist-table-2`. The bytes of the figure depend on the version of Matplotlib.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jnl.report import methods, reading, style
from jnl.settings.config import CORE

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "figures" / "core_methods.svg"
WORKDIRS = ("all-cells", "small_loss-symmetric-0.5")  # the table, and the one core method that is not part of it
NOISE = ("symmetric", 0.5)
PANELS = {
    "test_accuracy": "Test accuracy in %",
    "label_precision": "True labels among those that train, in %",
}
LEAST = 4.2  # smallest distance between two names, in percent
STYLE = {
    "font.size": 9, "svg.hashsalt": "jnl", "axes.spines.top": False, "axes.spines.right": False,
    "text.color": "#1f2328", "axes.labelcolor": "#1f2328", "axes.edgecolor": "#59636e",
    "xtick.color": "#59636e", "ytick.color": "#59636e",
}  # fmt: skip


def curves() -> dict[str, dict[str, np.ndarray]]:
    """Return the curves of each core method in percent: method -> name -> f64[S, E], mean over networks."""
    found = {}
    for point in reading.read([ROOT / "results" / "mnist-table-2" / name for name in WORKDIRS]):
        if point.strategy in CORE and (point.kind, point.rate) == NOISE:
            runs = [run.curves for run in point.runs]
            stacked = {name: 100 * np.stack([run[name] for run in runs]) for name in PANELS}
            found[point.strategy] = {name: np.mean(curve.reshape(*curve.shape[:2], -1), 2)
                                     for name, curve in stacked.items()}  # fmt: skip
    return found


def draw(panel: Axes, of_methods: Mapping[str, np.ndarray], title: str) -> None:
    """Draw one curve of each method with its band, and write the name of the method at its end."""
    ends, looks = {}, style.looks({method: method for method in of_methods})
    for method, curve in of_methods.items():
        mean, std, color = curve.mean(0), curve.std(0), looks[method].color
        epochs = np.arange(1, len(mean) + 1)
        panel.plot(epochs, mean, color=color, lw=1.6)
        panel.fill_between(epochs, mean - std, mean + std, color=color, alpha=0.18, lw=0)
        ends[method] = (mean[-1], color)
    height = np.inf
    for method, (last, color) in sorted(ends.items(), key=lambda one: -one[1][0]):
        height = min(last, height - LEAST)
        name = f"{methods.title(method)} {last:.1f}"
        panel.annotate(name, (epochs[-1], height), (5, 0), textcoords="offset points", color=color, va="center")
    panel.set(title=title, xlabel="epoch", xlim=(1, epochs[-1]), ylim=(25, 101))
    panel.grid(axis="y", color="#d1d9e0", lw=0.6)


def main() -> None:
    """Write the figure."""
    found = curves()
    assert found.keys() == set(CORE), found.keys()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.3), facecolor="white")
        panels = figure.subplots(1, len(PANELS))
        for panel, (name, title) in zip(panels, PANELS.items(), strict=True):
            draw(panel, {method: of_names[name] for method, of_names in found.items()}, title)
        figure.subplots_adjust(left=0.045, right=0.868, bottom=0.14, top=0.91, wspace=0.48)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    two_decimals = re.sub(r"(\d\d\.\d\d)\d+", r"\1", written.getvalue())  # of a point; they are enough
    PICTURE.write_text(two_decimals, "utf-8")


if __name__ == "__main__":
    main()
