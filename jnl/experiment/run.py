"""Train the runs of a config and return their results."""

import copy
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from flax import linen as nn
from ml_collections import ConfigDict

from jnl import data, models
from jnl.core.strategy import Strategy
from jnl.core.train_state import TrainState
from jnl.data.dataset import Dataset
from jnl.data.preparation import Inputs
from jnl.experiment.auto_rate import rated
from jnl.experiment.build import build
from jnl.experiment.checkpoint_manager import Measured, TrainingRecord
from jnl.experiment.cross_validation import with_example_weights
from jnl.experiment.doubts import doubts
from jnl.experiment.loop import train_program
from jnl.experiment.preview import describe
from jnl.experiment.program_spec import ProgramSpec
from jnl.experiment.replacements import check_data_fields, in_place_of, name_plugins
from jnl.experiment.result_sink import ResultSink, open_results
from jnl.experiment.summarize import metric_rows, run_columns, summary_of, summary_points
from jnl.experiment.suspect_tables import tables
from jnl.experiment.trained import trained_model
from jnl.inference.trained_model import TrainedModel
from jnl.noise.kind import NoiseKind
from jnl.parallel import multi_run
from jnl.results.summary_file import Summary
from jnl.results.table import table
from jnl.settings.fields import OF_ANY_DATA
from jnl.support.errors import UserError
from jnl.support.json_values import Json
from jnl.support.numerics import fixed_numerics
from jnl.support.registry import takes
from jnl.support.text import shown
from jnl.support.warn import warn
from jnl.training.metric import Metric

_log = logging.getLogger(__name__)


class History(NamedTuple):
    """The results of a training."""

    metrics: dict[str, np.ndarray]  # name -> f32[S, E], of each network f32[S, E, K], of each class f32[S, E, K, C]
    summary: Summary
    state: TrainState  # the state after the last epoch, on the host, every leaf [S, ...]
    runs: list[dict[str, Json]]  # seeds and swept values of each run
    model: TrainedModel  # the networks of all runs, which predict

    def __repr__(self) -> str:
        """Return the table that the command prints at the end of a training."""
        return table(self.summary["points"])

    def predict_proba(self, inputs: Inputs) -> np.ndarray:
        """Return the probability of each class, f32[N, C]: the mean over all networks of all runs.

        Inputs have the form that the data set took, and are prepared as in training. `model.predict_proba` also takes
        one point of a sweep, one run or one network.

        Raises:
          UserError: if the inputs do not fit.
        """
        return self.model.predict_proba(inputs)


class EpochCallback(Protocol):
    """What `run` calls after each epoch."""

    def __call__(self, epoch: int, metrics: dict[str, np.ndarray]) -> bool | None:
        """Look at the metrics of an epoch. True stops the training, after it is saved.

        Args:
          epoch: number of the epoch.
          metrics: name -> f32[S], of each network f32[S, K], of each class f32[S, K, C].
        """


@fixed_numerics()
def run(
    config: ConfigDict,
    workdir: str | os.PathLike[str] | None = None,
    *,
    dataset: Dataset | None = None,
    model: nn.Module | Callable[..., object] | None = None,
    strategy: Callable[..., Strategy] | None = None,
    noise: Callable[..., NoiseKind] | None = None,
    metrics: Sequence[Callable[[], Metric] | str] = (),
    on_epoch_end: EpochCallback | None = None,
) -> History:
    """Train all runs of a config in one compiled program.

    Lines about the data and the training go to the log `jnl`. Settings that may be mistakes are warnings.

    Args:
      config: a config such as `jnl.get_config` returns.
      workdir: a folder for the results and checkpoints; None takes `config.workdir`, which is none by default. A
        call with the same config and folder resumes the training, or reads its results if the training has finished.
      dataset: a data set such as `jnl.from_arrays` returns, instead of the one that the config names. With
        `jnl.get_config(name, "data=own,rate=0.3")` no noise is added to its labels, and methods that need the share of
        wrong labels take it to be 0.3. Fields of `config.data` that say how data are read must then have their
        defaults.
      model: a network instead of the one that the config names: a linen module whose call takes `(inputs)` or
        `(inputs, train)` and returns logits, or an nnx class or function that is called with `rngs=`.
      strategy: a method of your own instead of the one that the config names: a function with a default for each
        hyperparameter, which returns a `Strategy`. Its hyperparameters become the fields of `config.strategy`; those
        that `config.strategy` has keep their values. A hyperparameter is a field if its default is True or False, a
        number or a text. The function must be defined with `def` at the top level of a module, script or notebook, so
        that its name finds it when the training resumes: no lambda, no `functools.partial`, no method of an object.
      noise: a kind of noise of your own: a function that returns a `NoiseKind`.
      metrics: metrics of your own, each a function that returns a `Metric`, or its name `module:function`.
      on_epoch_end: called after each epoch that this call trains. If it returns True, the training stops; with a
        workdir it is saved first, and the same call continues it. If it raises an error, nothing is saved after the
        last checkpoint, so the epoch that has just ended trains again.

    Raises:
      UserError: if a setting, the data or the workdir cannot be used, or if the sweep needs more than one program. Then
        nothing is written.
      Stopped: if a signal ended the training, or its minutes are over. Everything is saved.

    Example:
      >>> import jnl
      >>> config = jnl.get_config("jocor", "quick")
      >>> history = jnl.run(config)
      >>> history.metrics["test_accuracy"].shape  # runs, epochs, networks
      (2, 3, 2)
    """
    if not isinstance(config, ConfigDict):
        raise UserError(f"config: {shown(config)} is no config; give one, such as jnl.get_config('jocor')")
    if dataset is not None and not isinstance(dataset, Dataset):
        raise UserError(f"dataset: {type(dataset).__name__} is no data set; give one, such as jnl.from_arrays returns")
    if on_epoch_end is not None and not callable(on_epoch_end):
        raise UserError(f"on_epoch_end: {on_epoch_end!r} is no function; give one that takes (epoch, metrics)")
    if on_epoch_end is not None and not takes(on_epoch_end, 2):
        raise UserError(
            f"on_epoch_end: {shown(on_epoch_end)} cannot be called with (epoch, metrics); make it take both"
        )
    if workdir is not None and not isinstance(workdir, str | os.PathLike):
        raise UserError(f"workdir: {workdir!r} is no path; give a folder")
    config, load, network = copy.deepcopy(config), data.load, None
    workdir = config.get("workdir") if workdir is None else workdir
    workdir = None if workdir is None else os.path.expanduser(workdir)
    if dataset is not None:
        check_data_fields(config)
        load = in_place_of(config, "data", OF_ANY_DATA[1:], dataset)
    if model is not None:
        network = in_place_of(config, "model", (), models.wrap(model))()
    name_plugins(config, strategy, noise, metrics)
    settled = rated(config, load, network, workdir)
    if settled.line is not None:
        _log.info(settled.line)
    programs = build(settled.config, load, network)
    if len(programs) > 1:
        raise UserError(
            f"config.sweep: its points have different shapes, so they need {len(programs)} programs; use jnl train, or "
            "jnl.run on the config of each of jnl.sweep.points(config)"
        )
    for line in describe(programs[0]):
        _log.info(line)
    for line in doubts(programs[0]):
        warn(line)
    with open_results(config, programs, workdir, settled.rate) as output:
        return train(programs, output, on_epoch_end)[0]


@fixed_numerics()
def train(
    programs: Sequence[ProgramSpec], output: ResultSink, on_epoch_end: EpochCallback | None = None
) -> list[History]:
    """Train one program after the other and write one summary. Each epoch is on disk before the next one begins.

    Args:
      programs: the programs that `build` returned.
      output: where the results go.
      on_epoch_end: called after each epoch that is trained; True stops the training.

    Returns:
      The results of each program. All have the same summary.
    """
    trained, points, models, done = [], [], [], 0
    minutes = programs[0].settings.minutes
    deadline = time.perf_counter() + 60 * minutes if minutes else math.inf
    for number, program_spec in enumerate(programs):
        record = _train(program_spec, output, number, len(programs), done, on_epoch_end, deadline)
        curves = {name: np.stack([measured[name] for measured in record.curves], 1) for name in record.curves[0]}
        trained.append((record, curves))
        found = tables(program_spec, _states(record))
        output.left_out(done, found)
        models.append(trained_model(program_spec, done, record))
        # A caller may stop the training before the networks start again.
        start = program_spec.preparing if len(record.curves) > program_spec.preparing else 0
        lasting = {name: curve[:, start:] for name, curve in curves.items()}
        points += summary_points(program_spec, done, lasting, curves["train_loss"], _states(record), found)
        done += len(program_spec.run_infos)
        summary = summary_of(points, [record for record, _ in trained])
        finished = record.program is not None
        if number + 1 < len(programs) or not finished:
            output.write_partial(summary)
        if not finished:
            break
    if finished and output.files is not None:
        summary = output.files.finish(summary)
    return [
        History(curves, summary, _states(record), [run_columns(run_info) for run_info in program_spec.run_infos], model)
        for program_spec, (record, curves), model in zip(programs, trained, models, strict=False)
    ]


def _train(
    program_spec: ProgramSpec,
    output: ResultSink,
    number: int,
    programs: int,
    first_run: int,
    callback: EpochCallback | None,
    deadline: float,
) -> TrainingRecord:
    """Train one program, or read its results if it has finished."""
    policy = output.policy and output.policy.inside(str(number))
    part = f"program {number + 1} of {programs}" if programs > 1 else ""
    trains = False

    def make(segments: int) -> multi_run.MultiRunProgram:
        nonlocal trains
        trains = True
        later = first_run + len(program_spec.run_infos) if number + 1 < programs else None
        output.do(lambda files: files.settle(later))
        weighed = with_example_weights(
            program_spec, output.policy and output.policy.inside(f"{number}-folds"), deadline, part
        )
        spec = program_spec.train_spec._replace(segments=segments or program_spec.train_spec.segments)
        return multi_run.MultiRunProgram(
            spec, program_spec.dataset, weighed.runs, program_spec.layout, program_spec.settings.runs_at_once
        )

    def on_epoch_end(epoch: int, measured: Measured, seconds: float) -> bool:
        output.append(metric_rows(program_spec, first_run, epoch, measured, seconds))
        if not trains or callback is None:
            return False
        return bool(callback(epoch, {name: values.copy() for name, values in measured.items()}))

    title = f"{program_spec.settings.strategy.name} {program_spec.settings.data.name}"
    title = f"{number + 1} of {programs}: {title}" if programs > 1 else title
    return train_program(
        title, make, program_spec.abstract_carry, program_spec.epochs, policy, on_epoch_end, program_spec.preparing,
        program_spec.settings.checkpoint.select, deadline, part,
    )  # fmt: skip


def _states(trained: TrainingRecord) -> TrainState:
    """Return the last states of all runs."""
    assert trained.carry is not None  # a finished training has a carry
    return trained.carry.states
