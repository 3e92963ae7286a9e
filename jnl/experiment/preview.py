"""Lines for people about what a program is going to do."""

import math
from collections.abc import Sequence

import jax
import numpy as np

from jnl.data.dataset import Dataset
from jnl.experiment.program_spec import ProgramSpec
from jnl.parallel import flops, layout
from jnl.results.progress import duration
from jnl.support import text
from jnl.support.errors import printable

_SHARE = 0.5  # assumed share of the speed of a matrix product; 0.4 to 0.7 were measured (docs/performance.md)
_SMALL_STEP = 1e-3  # seconds; below, a step takes a fixed time rather than the time of its operations
_READABLE = 10  # largest number of classes for which the noise matrix is shown


def describe(program_spec: ProgramSpec) -> list[str]:
    """Return lines about the data, their noise and the training."""
    data_line = _data(program_spec.settings.data.name, program_spec.dataset)
    lines = (data_line, *program_spec.dataset.notes, *_matrix(program_spec), _training(program_spec))
    return [printable(line) for line in lines]


def estimate(programs: Sequence[ProgramSpec]) -> str:
    """Return a line that estimates the duration.

    It follows from the operations of all epochs and the speed of a matrix product, which is measured now. On a GPU, and
    for very small steps, such an estimate was wrong by a factor of five and more, so there only the first epochs show
    the duration, see `Progress`.
    """
    number = steps = 0
    for program_spec in programs:
        epochs = len(program_spec.run_infos) * len(program_spec.epochs)
        number, steps = number + program_spec.operations * epochs, steps + program_spec.train_spec.steps * epochs
    work = f"{number:.1e} floating-point operations in {text.number(len(programs), 'program')}"
    speed = flops.per_second() if jax.default_backend() == "cpu" else math.inf
    seconds = number / (_SHARE * speed)
    if seconds < steps * _SMALL_STEP:
        return f"{work}; the first epochs show how long they take"
    return (
        f"{work}: about {duration(seconds)} if the training reaches {_SHARE:.0%} of the {speed / 1e9:,.0f} GFLOP/s "
        "that a matrix product reaches here"
    )


def _data(name: str, dataset: Dataset) -> str:
    """Return a line about the number of examples, the inputs, and the smallest and the largest class."""
    train, test, names = dataset.train, dataset.test, dataset.class_names
    counts = np.bincount(np.asarray(train.labels), minlength=len(names))
    shape = " x ".join(map(str, train.inputs.shape[1:]))
    tested = f"{len(test.labels):,} to test" if test is not None else "no test set"
    few, many = int(counts.argmin()), int(counts.argmax())
    sizes = f"{counts[few]:,} ({names[few]}) to {counts[many]:,} ({names[many]})"
    if counts[few] == counts[many]:
        sizes = f"{counts[few]:,}"
    return (
        f"{name}: {len(train.labels):,} to train, {tested}, inputs {shape} {train.inputs.dtype}, {len(names)} classes "
        f"of {sizes} labels"
    )


def _matrix(program_spec: ProgramSpec) -> list[str]:
    """Return the noise matrix of the first run in percent, or nothing if it is large, unknown or without noise."""
    names, matrix = program_spec.dataset.class_names, program_spec.run_infos[0].matrix
    if len(names) > _READABLE or not np.isfinite(matrix).all() or (matrix == np.eye(len(names))).all():
        return []
    width = max(len(name) for name in names)
    rows = [
        f"{name:>{width}} {' '.join(f'{100 * share:5.1f}' for share in row)}"
        for name, row in zip(names, matrix, strict=True)
    ]
    which = "noise" if len(program_spec.run_infos) == 1 else "noise of the first run"
    return [f"{which} in percent: a row for each true class, a column for each label, in the same order", *rows]


def _training(program_spec: ProgramSpec) -> str:
    """Return a line about the strategy, the noise, the network and the runs."""
    settings, wrong = program_spec.settings, np.unique([run_info.realized_rate for run_info in program_spec.run_infos])
    rates = f"{wrong[0]:.2%}" if len(wrong) == 1 else f"{wrong[0]:.2%} to {wrong[-1]:.2%}"
    kinds = ", ".join(dict.fromkeys(run_info.settings.noise.kind for run_info in program_spec.run_infos))
    kinds = "no noise added" if kinds == "none" else kinds
    known = "an unknown share of" if np.isnan(wrong).any() else rates
    run = program_spec.runs[0]
    held_out = f" and {len(run.validation_index):,} held out" if len(run.validation_index) else ""
    return (
        f"{settings.strategy.name} on {settings.data.name}: {len(run.train_index):,} examples{held_out}, "
        f"{known} wrong labels ({kinds}), {program_spec.model}, {text.number(len(program_spec.run_infos), 'run')} x "
        f"{text.number(program_spec.train_spec.num_nets, 'network')} {layout.describe(program_spec.layout)}"
        f"{', inputs fed from the host' if program_spec.train_spec.streams else ''}, {len(program_spec.epochs)} epochs "
        f"of {program_spec.train_spec.steps} batches of {settings.batch_size}"
    )
