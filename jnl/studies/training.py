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
from jnl.training.evaluation import everything, predictor


class After(NamedTuple):
    """All runs of a program after an epoch."""

    epoch: int  # how many are over
    measured: dict[str, np.ndarray]  # [S] or [S, ...]
    states: Callable[[], TrainState]  # the networks, on the host, [S, K, ...]; to be asked before training goes on


def one_program(config: ConfigDict, dataset: Dataset) -> ProgramSpec:
    """The runs of a config on a data set that is here."""
    (parts,) = build(config, load=lambda *_, **__: dataset)
    return parts


def follow(parts: ProgramSpec) -> Iterator[After]:
    """Trains all runs in one program, epoch by epoch."""
    program = MultiRunProgram(parts.recipe, parts.dataset, parts.runs, parts.layout)
    for standing in program.train(partial(program.start, parts.epochs.start)):
        if standing.measured is not None:
            yield After(standing.epoch, standing.measured, partial(_states, program, standing))
            if standing.epoch not in parts.epochs:
                return


def _states(program: MultiRunProgram, standing: Cursor) -> TrainState:
    return program.gather(standing).states


def curves(parts: ProgramSpec) -> tuple[dict[str, np.ndarray], TrainState]:
    """Metrics of all epochs, f32[S, E] or f32[S, E, K], and the networks after the last."""
    every = []
    for after in follow(parts):
        every.append(after.measured)
    return {name: np.stack([measured[name] for measured in every], 1) for name in every[0]}, after.states()


def predictions(parts: ProgramSpec, states: TrainState) -> np.ndarray:
    """The class that each network gives each training example, in evaluation mode: i32[S, K, N]."""

    def one(inputs: Array, state: TrainState) -> Array:
        say = predictor(parts.recipe.model, state, parts.recipe.augment)
        return everything(say, inputs, parts.recipe.batch_size)[0].argmax(-1)

    every = jax.jit(lambda inputs, states: lax.map(partial(one, inputs), states))
    return np.asarray(every(parts.dataset.train.inputs, states))


def labels(parts: ProgramSpec) -> np.ndarray:
    """What each run trains on: i32[S, N]."""
    return np.stack([np.asarray(run.labels) for run in parts.runs])
