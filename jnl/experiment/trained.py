"""From the programs of a training to its trained model."""

from collections.abc import Sequence

import jax
import numpy as np

from jnl import models
from jnl.core.train_state import network_params
from jnl.experiment.checkpoint_manager import TrainingRecord
from jnl.experiment.program_spec import ProgramSpec
from jnl.inference.description import ModelDescription, ProgramDescription, network_digest
from jnl.inference.trained_model import Program, TrainedModel


def describe_model(programs: Sequence[ProgramSpec]) -> ModelDescription:
    """Return the description of the networks of all programs, for `model.json`."""
    described, first = [], 0
    for program_spec in programs:
        described.append(
            ProgramDescription(
                network=program_spec.model,
                options=program_spec.model_options,
                networks=program_spec.train_spec.num_nets,
                precision=program_spec.settings.precision,
                augment=program_spec.train_spec.augment,
                runs=_runs(program_spec, first),
                points=_points(program_spec),
                network_digest=_network_digest(program_spec),
            )
        )
        first += len(program_spec.run_infos)
    dataset = programs[0].dataset
    return ModelDescription(dataset.class_names, dataset.prepare, tuple(described))


def trained_model(program_spec: ProgramSpec, first_run: int, record: TrainingRecord) -> TrainedModel:
    """Return the trained model of one program.

    Args:
      program_spec: the program.
      first_run: number of its first run among the runs of all programs.
      record: what its training has left, with its carry. The weights are those that a rule has selected, if one has.
    """
    assert record.carry is not None
    spec, states = program_spec.train_spec, record.carry.states
    weights = record.selected or states
    program = Program(
        spec.model, spec.augment, _runs(program_spec, first_run), _points(program_spec), network_params(weights.params),
        weights.batch_stats, np.asarray(states.failed),
    )  # fmt: skip
    return TrainedModel((program,), program_spec.dataset.class_names, program_spec.dataset.prepare)


def _runs(program_spec: ProgramSpec, first_run: int) -> tuple[int, ...]:
    return tuple(range(first_run, first_run + len(program_spec.run_infos)))


def _network_digest(program_spec: ProgramSpec) -> str | None:
    network, train = program_spec.train_spec.model, program_spec.dataset.train.inputs
    if models.is_of_jnl(program_spec.model):
        return None
    assert isinstance(network, models.ModuleNetwork)
    batch = jax.ShapeDtypeStruct((2, *train.shape[1:]), train.dtype)
    return network_digest(network, jax.eval_shape(program_spec.train_spec.augment.evaluate, batch))


def _points(program_spec: ProgramSpec) -> tuple[str, ...]:
    return tuple(run_info.point.title for run_info in program_spec.run_infos)
