"""Trainings of a study, and what their networks say of every example."""

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
from jnl.training.evaluation import predict_all, predictor


class After(NamedTuple):
    """All runs of a program after an epoch."""

    epoch: int  # how many are over
    measured: dict[str, np.ndarray]  # [S] or [S, ...]
    states: Callable[[], TrainState]  # the networks, on the host, [S, K, ...]; to be asked before training goes on


def one_program(config: ConfigDict, dataset: Dataset) -> ProgramSpec:
    """The runs of a config on a data set that is here."""
    (program_spec,) = build(config, load=lambda *_, **__: dataset)
    return program_spec


def follow(program_spec: ProgramSpec) -> Iterator[After]:
    """Trains all runs in one program, epoch by epoch."""
    program = MultiRunProgram(program_spec.train_spec, program_spec.dataset, program_spec.runs, program_spec.layout)
    for cursor in program.train(partial(program.start, program_spec.epochs.start)):
        if cursor.measured is not None:
            yield After(cursor.epoch, cursor.measured, partial(_states, program, cursor))
            if cursor.epoch not in program_spec.epochs:
                return


def _states(program: MultiRunProgram, cursor: Cursor) -> TrainState:
    return program.gather(cursor).states


def curves(program_spec: ProgramSpec) -> tuple[dict[str, np.ndarray], TrainState]:
    """Metrics of all epochs, f32[S, E] or f32[S, E, K], and the networks after the last."""
    every = []
    for after in follow(program_spec):
        every.append(after.measured)
    return {name: np.stack([measured[name] for measured in every], 1) for name in every[0]}, after.states()


def predictions(program_spec: ProgramSpec, states: TrainState) -> np.ndarray:
    """The class that each network gives each training example, in evaluation mode: i32[S, K, N]."""

    def one(inputs: Array, state: TrainState) -> Array:
        predict_fn = predictor(program_spec.train_spec.model, state, program_spec.train_spec.augment)
        return predict_all(predict_fn, inputs, program_spec.train_spec.batch_size)[0].argmax(-1)

    every = jax.jit(lambda inputs, states: lax.map(partial(one, inputs), states))
    return np.asarray(every(program_spec.dataset.train.inputs, states))


def labels(program_spec: ProgramSpec) -> np.ndarray:
    """What each run trains on: i32[S, N]."""
    return np.stack([np.asarray(run.labels) for run in program_spec.runs])
