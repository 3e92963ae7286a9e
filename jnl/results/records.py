"""What `summary.json` holds, as typed records."""

import math
from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from jnl.core.json_values import Json
from jnl.results.summary import BestLast, OverRuns


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
    """Return an array as JSON. What is not finite becomes null, as JSON has no word for it."""
    if value.ndim:
        return [plain(item) for item in value]
    number = value.item()
    return None if isinstance(number, float) and not math.isfinite(number) else number
