"""The trainings of a study, and the predictions of their networks."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jax import Array, lax
from ml_collections import ConfigDict

from jnl.core.train_state import TrainState
from jnl.data.dataset import Dataset
from jnl.experiment.build import build
from jnl.experiment.program_spec import ProgramSpec
from jnl.parallel.multi_run import Cursor, MultiRunProgram
from jnl.results.progress import Progress
from jnl.support.errors import UserError
from jnl.training.evaluation import predict_all, predictor


class After(NamedTuple):
    """The state of all runs of a program after an epoch."""

    epoch: int  # number of epochs that are finished
    measured: dict[str, np.ndarray]  # [S] or [S, ...] metrics of the epoch
    states: Callable[[], TrainState]  # returns the networks [S, K, ...] on the host; call it before the next epoch


def one_program(config: ConfigDict, dataset: Dataset) -> ProgramSpec:
    """Return the program of a config, for a data set that is already loaded. The config must have one program."""
    (program_spec,) = build(config, load=lambda *_, **__: dataset)
    return program_spec


def follow(program_spec: ProgramSpec) -> Iterator[After]:
    """Train all runs in one program, show the progress, and yield after each epoch.

    Raises:
      UserError: if a training has failed, because its numbers would say nothing about the question of the study.
    """
    program = MultiRunProgram(program_spec.train_spec, program_spec.dataset, program_spec.runs, program_spec.layout)
    title = f"{len(program_spec.runs)} runs on {program_spec.settings.data.name}"
    with Progress(title, len(program_spec.epochs), 0, program.steps) as progress:
        last = time.perf_counter()
        for cursor in program.train(partial(program.start, program_spec.epochs.start)):
            if cursor.measured is not None:
                if not np.isfinite(cursor.measured["train_loss"]).all():
                    raise UserError(
                        f"--learning_rate: the loss of a training is not finite in epoch {cursor.epoch - 1}; give a "
                        "smaller one"
                    )
                now = time.perf_counter()
                progress.epoch(cursor.measured, now - last)
                last = now
                yield After(cursor.epoch, cursor.measured, partial(_states, program, cursor))
                if cursor.epoch not in program_spec.epochs:
                    return


def _states(program: MultiRunProgram, cursor: Cursor) -> TrainState:
    """Return the states of all runs on the host."""
    return program.gather(cursor).states


def curves(program_spec: ProgramSpec) -> tuple[dict[str, np.ndarray], TrainState]:
    """Train, and return the metrics of all epochs, f32[S, E] or f32[S, E, ...], and the states after the last epoch."""
    every = []
    for after in follow(program_spec):
        every.append(after.measured)
    return {name: np.stack([measured[name] for measured in every], 1) for name in every[0]}, after.states()


def predictions(program_spec: ProgramSpec, states: TrainState) -> np.ndarray:
    """Return the class that each network predicts for each training example, in evaluation mode: i32[S, K, N]."""

    def one(inputs: Array, state: TrainState) -> Array:
        predict_fn = predictor(program_spec.train_spec, state)
        return predict_all(predict_fn, inputs, program_spec.train_spec.batch_size)[0].argmax(-1)

    every = jax.jit(lambda inputs, states: lax.map(partial(one, inputs), states))
    return np.asarray(every(program_spec.dataset.train.inputs, states))


def labels(program_spec: ProgramSpec) -> np.ndarray:
    """Return the labels on which each run trains: i32[S, N]."""
    return np.stack([np.asarray(run.labels) for run in program_spec.runs])
