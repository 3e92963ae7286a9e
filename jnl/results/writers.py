"""What a training tells: its summary, the progress line, the tables."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, TypedDict

import numpy as np
from tqdm.auto import tqdm

from jnl.core.errors import printable
from jnl.core.registry import Json
from jnl.ops.curves import STATISTICS, rules
from jnl.parallel.devices import is_main
from jnl.results.summary import BestLast, OverRuns

_COLUMNS = {name: STATISTICS[name] for name in ("best", "last", "last10", *rules())} | {"balanced": "balanced"}
LISTS = "left_out"  # the folder of a workdir with lists of labels that are taken for wrong
_DIFFER = 0.005  # classes are of different sizes if balanced accuracy differs by more


class PointSummary(TypedDict):
    """The runs that share one combination of the swept values."""

    title: str
    swept: Mapping[str, Json]  # field -> value; empty where nothing is swept
    strategy: str
    data: str
    # kind, rate; `realized`: share of wrong training labels of each run; `matrix`: P(noisy | clean) of the first run;
    # `estimated_matrix`: what the strategy takes for it, in the first run that has not failed; None if it tells of none
    noise: dict[str, Json]
    runs: list[int]  # their numbers in `metrics.jsonl`
    seeds: list[int]
    noise_seeds: list[int]
    checkpoint: str  # the column of `test_accuracy` that is the result by `protocol.checkpoint`
    test_accuracy: BestLast | None  # best, last, last10, rules; net1, net2, mean; None without a test set
    validation_accuracy: BestLast | None  # on the noisy labels of what is held out
    balanced_accuracy: BestLast | None  # the mean over classes of their test accuracies
    class_accuracy: dict[str, dict[str, Json]] | None  # of each class, in the `best` balanced and the `last` epoch
    label_precision: OverRuns | None  # mean of the last 10 epochs; None where nothing was selected or truth is unknown
    # How many labels each run took for wrong; None of one that has failed. None: the strategy takes none for wrong.
    left_out: list[int | None] | None
    operations: int  # floating-point, of one run's training
    failed_runs: list[int]  # whose training loss was not finite; they are in no mean
    failed_epochs: list[int]  # the first of each such run


class ProgramSummary(TypedDict):
    """One compiled program."""

    runs: int
    runs_at_once: int  # fewer than `runs` where they do not fit into memory
    layout: str
    bytes_per_device: int
    compilations: int  # of the training epoch
    compile_seconds: float  # of the training epoch and the initial weights


class Summary(TypedDict):
    """What `summary.json` holds."""

    test_accuracy: BestLast | None  # over all runs of all points
    validation_accuracy: BestLast | None
    points: list[PointSummary]
    failed_runs: list[int]
    programs: list[ProgramSummary]
    compilations: int  # of training epochs, over all programs
    seconds: float


def plain(value: np.ndarray) -> Json:
    """An array as JSON: what is not finite becomes null, as JSON lacks it."""
    if value.ndim:
        return [plain(item) for item in value]
    number = value.item()
    return None if isinstance(number, float) and not math.isfinite(number) else number


class Progress:
    """A progress bar over epochs on a terminal; silent where the output is not one."""

    def __init__(self, title: str, epochs: int, done: int, steps_per_epoch: int) -> None:
        hidden = None if is_main() else True
        self.bar = tqdm(
            total=epochs, initial=done, desc=printable(title), unit="epoch", disable=hidden, dynamic_ncols=True
        )
        self.steps_per_epoch = steps_per_epoch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.close()

    def epoch(self, measured: Mapping[str, np.ndarray], seconds: float) -> None:
        """One epoch is over: its test accuracies f[S, K], or those of validation, and its duration."""
        what = "test" if "test_accuracy" in measured else "validation"
        per_run = 100 * measured[f"{what}_accuracy"].mean(1)
        per_run = per_run[np.isfinite(per_run)]  # of those that have not failed
        steps = self.steps_per_epoch / seconds
        result = f"{what} {per_run.mean():.2f} ± {per_run.std():.2f} %" if len(per_run) else "all runs have failed"
        self.bar.set_postfix_str(f"{result}, {steps:,.0f} steps/s", refresh=False)
        self.bar.update()


def table(points: Sequence[PointSummary]) -> str:
    """Best, last and last-10 accuracy (percent, mean ± std over runs) of each network and their mean.

    It is the accuracy on the test set or, without one, on the held-out noisy labels. `best validation` is the test
    accuracy in the epoch of the best validation accuracy, `Label Wave` that in the epoch which Label Wave chooses,
    `balanced` the mean over classes in the last epoch, if classes differ.
    """
    judged = [_judged(point) for point in points]
    columns = [column for column in _COLUMNS if any(column in accuracy for accuracy in judged)]
    lines = [["", "", *(_COLUMNS[column] for column in columns), "label precision", "runs"]]
    failed = []
    for point, accuracy in zip(points, judged, strict=True):
        title = point["title"] if point["test_accuracy"] else f"{point['title']} (validation)"
        precision, runs = _percent(point["label_precision"]), str(len(point["seeds"]))
        nets = {"network 1": "net1"}
        if accuracy["best"]["net2"] is not None:
            nets |= {"network 2": "net2", "mean": "mean"}
        for name, net in nets.items():
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
    legend = ["test accuracy in percent, mean ± std (ddof 0) over runs"]
    if not all(point["test_accuracy"] for point in points):
        legend.append("(validation): no test set, accuracy on the noisy labels that were held out")
    chosen = dict.fromkeys(point["checkpoint"] for point in points if point["checkpoint"] != "last")
    legend += [f"the result is the column {_COLUMNS[name]!r}, by protocol.checkpoint" for name in chosen]
    return "\n".join([text[0], rule, *text[1:], "", *legend, *failed])


def left_out(points: Sequence[PointSummary], workdir: Path) -> list[str]:
    """Where the lists of labels are that were taken for wrong, and how long they are, in one line; none without any."""
    of_runs = {
        run: number for point in points for run, number in zip(point["runs"], point["left_out"] or (), strict=False)
    }
    lengths = [number for number in of_runs.values() if number is not None]
    failed = [run for run, number in of_runs.items() if number is None]
    if not of_runs:
        return []
    none = f"none of the failed runs {failed}" if failed else ""
    if not lengths:
        return [f"labels taken for wrong: {none}"]
    few, many = min(lengths), max(lengths)
    numbers = f"{few:,}" if few == many else f"{few:,} to {many:,}"
    runs = "the run" if len(lengths) == 1 else f"each of {len(lengths)} runs"
    listed = f"labels taken for wrong: {numbers} in {runs}, listed in {workdir / LISTS}"
    return [printable(f"{listed}; {none}" if none else listed)]


def _judged(point: PointSummary) -> BestLast:
    """The columns of a point."""
    accuracy, balanced = point["test_accuracy"], point["balanced_accuracy"]
    if accuracy is None or balanced is None:
        assert point["validation_accuracy"] is not None  # there is one of them at least
        return point["validation_accuracy"]
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
