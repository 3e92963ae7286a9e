"""Training epochs as `train.py` runs them, on random data of the real shapes."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jnl.benchmark.timing import Seconds, repeat
from jnl.data.dataset import Dataset, Split
from jnl.experiment.build import build
from jnl.experiment.program_spec import ProgramSpec
from jnl.parallel import flops, multi_run
from jnl.parallel.layout import describe
from jnl.settings.config import published
from jnl.training.epoch import epoch
from jnl.training.single_run import init_state


class Work(NamedTuple):
    """An epoch to measure; of a long one, the first steps stand for all."""

    model: str
    shape: tuple[int, ...]  # of one input
    train: int  # examples
    test: int
    steps: int  # measured, 0 for all


WORK = {
    "mlp": Work("mlp", (28, 28, 1), 60_000, 10_000, 0),
    "cnn_small": Work("cnn_small", (32, 32, 3), 50_000, 10_000, 20),
    "cnn7": Work("cnn7", (32, 32, 3), 50_000, 10_000, 3),
    "cnn9": Work("cnn9", (32, 32, 3), 50_000, 10_000, 2),
}


class Measured(NamedTuple):
    """What one layout gives."""

    work: str
    axis: str  # as `config.runs_axis`
    runs: int
    runs_at_once: int
    layout: str
    seconds_per_run_and_epoch: Seconds  # scaled by operations where only some steps were measured
    operations_per_second: float
    compile_seconds: float
    bytes_per_run: float  # on its device


def program_spec(name: str, number: int, axis: str) -> ProgramSpec:
    """JoCoR, as published, on random data."""
    work = WORK[name]
    config = published("jocor", f"data={'mnist' if work.shape[-1] == 1 else 'cifar10'},model={work.model}")
    config.seeds, config.runs_axis, config.protocol.max_steps = number, axis, work.steps
    share = work.steps * config.batch_size / work.train or 1.0  # the same share of the test set
    return build(config, load=lambda *_, **__: _data(work, max(1, round(work.test * share))))[0]


def measure(name: str, number: int, axis: str, repetitions: int) -> Measured:
    """One training epoch with its evaluation, `number` runs at once."""
    made = program_spec(name, number, axis)
    program = multi_run.MultiRunProgram(made.train_spec, made.dataset, made.runs, made.layout)
    training = program.train(partial(program.start, 0))

    def once() -> None:
        while next(training).measured is None:
            pass

    once()
    seconds = repeat(once, repetitions)
    per_run = count(made)
    whole = WORK[name].train // made.train_spec.batch_size / made.train_spec.steps / number
    return Measured(
        name,
        axis,
        number,
        program.at_once,
        describe(made.layout),
        Seconds(*(value * whole for value in seconds)),
        per_run * number / seconds.median,
        program.compile_seconds,
        program.bytes / program.at_once * made.layout.mesh.devices.size,
    )


def count(made: ProgramSpec) -> int:
    """Operations of one run's epoch."""
    train, test = jax.tree.map(jnp.asarray, (made.dataset.train, made.dataset.test))
    run = made.runs[0]
    state = jax.eval_shape(lambda: init_state(made.train_spec, train, run))
    return flops.count(lambda state: epoch(made.train_spec, train, test, run, state, jnp.int32(0)), state)


def _data(work: Work, test: int) -> Dataset:
    random = np.random.default_rng(0)

    def split(number: int) -> Split:
        inputs = jnp.asarray(random.integers(0, 256, (number, *work.shape), np.uint8))
        labels = jnp.asarray(random.integers(0, 10, number, np.int32))
        return Split(inputs, labels, labels)

    return Dataset(split(work.train), split(test), tuple("0123456789"))
