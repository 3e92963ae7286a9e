"""The table that a training prints at its end, and the line with the place of the lists of suspected labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jnl.ops.curves import STATISTICS, rules
from jnl.results.files import LEFT_OUT
from jnl.results.summary import BestLast, OverRuns
from jnl.results.summary_file import PointSummary
from jnl.support.errors import printable

_COLUMNS = {name: STATISTICS[name] for name in ("best", "last", "last10", *rules())} | {"balanced": "balanced"}
_DIFFER = 0.005  # balanced accuracy is shown if it differs from the accuracy by more than this


def table(points: Sequence[PointSummary]) -> str:
    """Return the table of best, last and last-10 accuracy of each network and of their mean.

    Numbers are percent, mean ± std over runs. The accuracy is on the test set or, without a test set, on the held-out
    noisy labels. `best validation` is the test accuracy in the epoch of the best validation accuracy. `Label Wave` is
    the test accuracy in the epoch that Label Wave chooses. `balanced` is the mean over classes in the last epoch; it is
    shown if it differs from the accuracy.
    """
    judged = [_judged(point) for point in points]
    columns = [column for column in _COLUMNS if any(column in accuracy for accuracy in judged)]
    lines = [["", "", *(_COLUMNS[column] for column in columns), "label precision", "runs"]]
    failed = []
    for point, accuracy in zip(points, judged, strict=True):
        title = point["title"] if point["test_accuracy"] else f"{point['title']} (validation)"
        precision, runs = _percent(point["label_precision"]), str(len(point["seeds"]))
        nets = [net for net, value in accuracy["best"].items() if value is not None]
        for net in nets if len(nets) > 2 else nets[:1]:  # the mean of one network is the network
            name = net.replace("net", "network ")
            cells = [_percent(accuracy[column][net] if column in accuracy else None) for column in columns]
            lines.append([title, name, *cells, precision, runs])
            title = precision = runs = ""
        if point["failed_runs"]:
            failed.append(
                f"{point['title']}: runs {point['failed_runs']} have failed, their loss is not finite from epoch "
                f"{point['failed_epochs']} on; they are not in the means"
            )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = "  ".join("-" * width for width in widths)
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    measured = "test accuracy" if any(point["test_accuracy"] for point in points) else "accuracy"
    legend = [f"{measured} in percent, mean ± std (ddof 0) over runs"]
    if not all(point["test_accuracy"] for point in points):
        legend.append("(validation): no test set, accuracy on the noisy labels that were held out")
    chosen = dict.fromkeys(point["checkpoint"] for point in points if point["checkpoint"] != "last")
    legend += [f"the result is the column {_COLUMNS[name]!r}, by protocol.checkpoint" for name in chosen]
    return "\n".join([text[0], rule, *text[1:], "", *legend, *failed])


def left_out(points: Sequence[PointSummary], workdir: Path) -> list[str]:
    """Return one line with the place and length of the lists of suspected labels, or no line if there are no lists."""
    of_runs = {
        run: number for point in points for run, number in zip(point["runs"], point["left_out"] or (), strict=False)
    }
    lengths = [number for number in of_runs.values() if number is not None]
    failed = [run for run, number in of_runs.items() if number is None]
    if not of_runs:
        return []
    none = f"there is no list for the runs {failed}, because they failed" if failed else ""
    if not lengths:
        return [f"labels taken for wrong: {none}"]
    few, many = min(lengths), max(lengths)
    numbers = f"{few:,}" if few == many else f"{few:,} to {many:,}"
    runs = "the run" if len(lengths) == 1 else f"each of {len(lengths)} runs"
    listed = f"labels taken for wrong: {numbers} in {runs}, listed in {workdir / LEFT_OUT}"
    return [printable(f"{listed}; {none}" if none else listed)]


def _judged(point: PointSummary) -> BestLast:
    """Return the accuracies of a point that the table shows."""
    accuracy, balanced = point["test_accuracy"], point["balanced_accuracy"]
    if accuracy is None:
        assert point["validation_accuracy"] is not None  # a point has one of the two accuracies
        return point["validation_accuracy"]
    if balanced is None:
        return accuracy
    last, even = accuracy["last"]["mean"], balanced["last"]["mean"]
    assert last is not None and even is not None
    difference = np.subtract(*(np.array(one["per_run"], float) for one in (last, even)))
    if not (np.abs(difference) > _DIFFER).any():
        return accuracy
    return accuracy | {"balanced": balanced["last"]}


def _percent(value: OverRuns | None) -> str:
    if value is None or value["mean"] is None or value["std"] is None:
        return "-"
    return f"{100 * value['mean']:.2f} ± {100 * value['std']:.2f}"
