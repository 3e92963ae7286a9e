"""Measure training epochs as `train.py` runs them, on random data with the shapes of real data sets."""

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
from jnl.settings.published import get_config
from jnl.training.epoch import epoch
from jnl.training.single_run import init_state


class Work(NamedTuple):
    """An epoch to measure. Only the first steps of a long epoch are measured."""

    shape: tuple[int, ...]  # of one input
    train: int  # number of training examples
    test: int  # number of test examples
    steps: int  # number of training steps that are measured on a CPU; 0 for all


WORK = {  # by network
    "mlp": Work((28, 28, 1), 60_000, 10_000, 0),
    "cnn_small": Work((32, 32, 3), 50_000, 10_000, 20),
    "cnn7": Work((32, 32, 3), 50_000, 10_000, 3),
    "cnn9": Work((32, 32, 3), 50_000, 10_000, 2),
}


# The number of steps that are measured on other devices, where an epoch has more. Fewer steps would take less time than
# what an epoch does only once.
_STEPS_ELSEWHERE = 60


class Measured(NamedTuple):
    """The measurements of one layout."""

    work: str
    axis: str  # value of `config.runs_axis`
    precision: str  # value of `config.precision`
    runs: int
    runs_at_once: int
    layout: str
    devices: int  # number of devices with arithmetic units of their own; the devices of a CPU share its cores
    seconds_per_run_and_epoch: Seconds  # scaled to the whole epoch if only some steps were measured
    operations_per_second: float
    compile_seconds: float
    bytes_per_run: float  # memory on the device of the run


def program_spec(name: str, number: int, axis: str, precision: str = "auto") -> ProgramSpec:
    """Return the program of JoCoR with its published settings, on random data.

    Args:
      name: name of an entry of `WORK`.
      number: number of runs.
      axis: value of `config.runs_axis`.
      precision: value of `config.precision`.
    """
    work = WORK[name]
    config = get_config("jocor", f"data={'mnist' if work.shape[-1] == 1 else 'cifar10'},model={name}")
    config.seeds, config.runs_axis, config.precision = number, axis, precision
    steps = _STEPS_ELSEWHERE if work.steps and jax.default_backend() != "cpu" else work.steps
    config.protocol.max_steps = steps
    share = steps * config.batch_size / work.train or 1.0  # the test set is cut to the share that is trained on
    return build(config, load=lambda *_, **__: _data(work, max(1, round(work.test * share))))[0]


def measure(name: str, number: int, axis: str, precision: str, repetitions: int) -> Measured:
    """Measure one training epoch, with its evaluation, of several runs together.

    Args:
      name: name of an entry of `WORK`.
      number: number of runs.
      axis: value of `config.runs_axis`.
      precision: value of `config.precision`.
      repetitions: number of measurements, after one that is not counted.
    """
    made = program_spec(name, number, axis, precision)
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
        precision,
        number,
        program.at_once,
        describe(made.layout),
        1 if jax.default_backend() == "cpu" else made.layout.mesh.devices.size,
        Seconds(*(value * whole for value in seconds)),
        per_run * number / seconds.median,
        program.compile_seconds,
        program.bytes / program.at_once * made.layout.mesh.devices.size,
    )


def count(made: ProgramSpec) -> int:
    """Return the number of operations of the matrix products and convolutions in one epoch of one run."""
    train, test = jax.tree.map(jnp.asarray, (made.dataset.train, made.dataset.test))
    run = made.runs[0]
    state = jax.eval_shape(lambda: init_state(made.train_spec, train, run))
    return flops.count(lambda state: epoch(made.train_spec, train, test, run, state, jnp.int32(0)), state)


def _data(work: Work, test: int) -> Dataset:
    """Return random images and labels of 10 classes, with `test` test examples."""
    random = np.random.default_rng(0)

    def split(number: int) -> Split:
        inputs = jnp.asarray(random.integers(0, 256, (number, *work.shape), np.uint8))
        labels = jnp.asarray(random.integers(0, 10, number, np.int32))
        return Split(inputs, labels, labels)

    return Dataset(split(work.train), split(test), tuple("0123456789"))
