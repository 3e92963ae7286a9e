"""Train the runs of a config and return their results."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from jnl.core.errors import UserError
from jnl.core.json_values import Json
from jnl.core.train_state import TrainState
from jnl.experiment.build import build
from jnl.experiment.checkpoint_manager import Measured, TrainingRecord
from jnl.experiment.cross_validation import weigh
from jnl.experiment.left_out import tables
from jnl.experiment.loop import train_program
from jnl.experiment.program_spec import ProgramSpec
from jnl.experiment.result_sink import ResultSink, open_results
from jnl.experiment.summarize import metric_rows, run_columns, summary_of, summary_points
from jnl.parallel import multi_run
from jnl.results.records import Summary


class History(NamedTuple):
    """The results of a training."""

    metrics: dict[str, np.ndarray]  # name -> f32[S, epochs] or f32[S, epochs, K]
    summary: Summary
    state: TrainState  # the state after the last epoch, on the host, every leaf [S, K, ...]
    runs: list[dict[str, Json]]  # seeds and swept values of each run


def run(config: ConfigDict, workdir: str | os.PathLike[str] | None = None) -> History:
    """Train all runs of a config in one compiled program.

    Args:
      config: a config such as the files in `configs/` return.
      workdir: a folder for the results and checkpoints. A call with the same config and folder resumes the training,
        or reads its results if the training has finished.

    Raises:
      UserError: if a setting, the data or the workdir cannot be used, or if the sweep needs more than one program. Then
        nothing is written.
      Stopped: if a signal ended the training. Everything is saved.

    Example:
      >>> import jnl
      >>> config = jnl.config.default("jocor")
      >>> config.epochs, config.seeds = 2, 2
      >>> history = jnl.run(config)
      >>> history.metrics["test_accuracy"].shape  # runs, epochs, networks
      (2, 2, 2)
    """
    programs = build(config)
    if len(programs) > 1:
        raise UserError(
            f"config.sweep: its points have different shapes, so they need {len(programs)} programs; use train.py, or "
            "jnl.run on the config of each of jnl.sweep.points(config)"
        )
    with open_results(config, programs, workdir) as output:
        return train(programs, output)[0]


def train(programs: Sequence[ProgramSpec], output: ResultSink) -> list[History]:
    """Train one program after the other and write one summary. Each epoch is on disk before the next one begins.

    Args:
      programs: the programs that `build` returned.
      output: where the results go.

    Returns:
      The results of each program. All have the same summary.
    """
    trained, points, done = [], [], 0
    for number, program_spec in enumerate(programs):
        record = _train(program_spec, output, number, done)
        curves = {name: np.stack([measured[name] for measured in record.curves], 1) for name in record.curves[0]}
        trained.append((record, curves))
        found = tables(program_spec, _states(record))
        output.left_out(done, found)
        lasting = {name: curve[:, program_spec.preparing :] for name, curve in curves.items()}
        points += summary_points(program_spec, done, lasting, _states(record), found)
        done += len(program_spec.run_infos)
        if number + 1 < len(programs):
            output.write_partial(summary_of(points, [record for record, _ in trained]))
    summary = summary_of(points, [record for record, _ in trained])
    if output.files is not None:
        summary = output.files.finish(summary)
    return [
        History(curves, summary, _states(record), [run_columns(run_info) for run_info in program_spec.run_infos])
        for program_spec, (record, curves) in zip(programs, trained, strict=True)
    ]


def _train(program_spec: ProgramSpec, output: ResultSink, number: int, first_run: int) -> TrainingRecord:
    """Train one program, or read its results if it has finished."""
    policy = output.policy and output.policy.inside(str(number))

    def make(segments: int) -> multi_run.MultiRunProgram:
        output.do(lambda files: files.settle())
        weighed = weigh(program_spec, output.policy and output.policy.inside(f"{number}-folds"))
        spec = program_spec.train_spec._replace(segments=segments or program_spec.train_spec.segments)
        return multi_run.MultiRunProgram(
            spec, program_spec.dataset, weighed.runs, program_spec.layout, program_spec.settings.runs_at_once
        )

    def on_epoch_end(epoch: int, measured: Measured, seconds: float) -> None:
        output.append(metric_rows(program_spec, first_run, epoch, measured, seconds))

    title = f"{program_spec.settings.strategy.name} {program_spec.settings.data.name}"
    return train_program(
        title, make, program_spec.abstract_carry, program_spec.epochs, policy, on_epoch_end, program_spec.preparing
    )


def _states(trained: TrainingRecord) -> TrainState:
    """Return the last states of all runs."""
    assert trained.carry is not None  # a finished training has a carry
    return trained.carry.states
