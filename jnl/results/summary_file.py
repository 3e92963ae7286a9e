"""The content of `summary.json`: its types, and arrays as JSON."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from jnl.results.summary import BestLast, OverRuns
from jnl.support.json_values import Json, without_nan


class PointSummary(TypedDict):
    """The results of the runs that share one combination of swept values."""

    title: str
    swept: Mapping[str, Json]  # field -> value; empty if nothing is swept
    strategy: str
    data: str
    # kind, rate; `realized`: share of wrong training labels of each run; `matrix`: P(noisy | clean) of the first run;
    # `estimated_matrix`: the estimate of the strategy in the first run that has not failed, or None without an estimate
    noise: dict[str, Json]
    runs: list[int]  # numbers of the runs in `metrics.jsonl`
    seeds: list[int]
    noise_seeds: list[int]
    epochs: int  # that were trained, without those before the networks start again
    batch_size: int
    checkpoint: str  # the column of `test_accuracy` that is the result (`protocol.checkpoint`)
    test_accuracy: BestLast | None  # best, last, last10, rules; net1, net2, ..., mean; None without a test set
    validation_accuracy: BestLast | None  # on the noisy labels of held-out examples
    balanced_accuracy: BestLast | None  # mean of the test accuracies of all classes
    # Test accuracy of each class in the epoch of the `best` balanced accuracy and in the `last` epoch.
    class_accuracy: dict[str, dict[str, Json]] | None
    label_precision: OverRuns | None  # mean of the last 10 epochs; None if nothing was selected or truth is unknown
    # How many labels each run took for wrong (None if it has failed); None if the strategy takes no labels for wrong.
    left_out: list[int | None] | None
    operations: int  # floating-point operations of the training of one run
    failed_runs: list[int]  # runs whose training loss was not finite; no mean includes them
    failed_epochs: list[int]  # first epoch without a finite loss, for each failed run


class ProgramSummary(TypedDict):
    """The size and the compilation of one program."""

    runs: int
    runs_at_once: int  # fewer than `runs` if they do not fit into memory
    layout: str
    bytes_per_device: int
    compilations: int  # number of compiled programs of the training epoch
    compile_seconds: float  # time to compile the training epoch and the initial weights


class Summary(TypedDict):
    """The content of `summary.json`."""

    test_accuracy: BestLast | None  # over all runs of all points
    validation_accuracy: BestLast | None
    points: list[PointSummary]
    failed_runs: list[int]
    programs: list[ProgramSummary]
    compilations: int  # number of compiled programs of training epochs, over all programs
    seconds: float


def plain(value: np.ndarray) -> Json:
    """Return an array as JSON. Numbers that are not finite become null, because JSON cannot represent them."""
    return without_nan(value.tolist())
