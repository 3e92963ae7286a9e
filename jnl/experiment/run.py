"""From a config to its results."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, cast

import jax
import numpy as np
from ml_collections import ConfigDict

from jnl.core.errors import UserError
from jnl.core.registry import Json
from jnl.core.train_state import TrainState
from jnl.experiment.build import build
from jnl.experiment.cross_validation import weigh
from jnl.experiment.left_out import Table, tables
from jnl.experiment.loop import CheckpointPolicy, Measured, TrainingRecord, train_program
from jnl.experiment.program_spec import ProgramSpec, RunInfo
from jnl.ops.curves import judges
from jnl.parallel import devices, multi_run
from jnl.results.files import CHECKPOINTS
from jnl.results.provenance import fingerprint, record
from jnl.results.records import PointSummary, Summary, plain
from jnl.results.summary import BestLast, best_last, last10, over_runs, pool
from jnl.results.tensorboard import Events
from jnl.results.workdir import Workdir
from jnl.settings.parse import recorded


class History(NamedTuple):
    """What a training gives. Of a sweep, `runs` says which run is which."""

    metrics: dict[str, np.ndarray]  # name -> f32[S, epochs] or f32[S, epochs, K]
    summary: Summary
    state: TrainState  # of the last epoch, on the host, every leaf [S, K, ...]
    runs: list[dict[str, Json]]  # seeds and swept values of each


class ResultSink(NamedTuple):
    """Where the results of a training go; all None without a workdir, and the files in processes that do not write."""

    files: Workdir | None
    policy: CheckpointPolicy | None
    events: Events | None = None  # of TensorBoard, where they are wanted

    def append(self, rows: list[dict[str, Json]]) -> None:
        """Adds the rows of an epoch."""

        def write(files: Workdir) -> None:
            files.append(rows)
            if self.events is not None:
                self.events.append(rows)

        self.do(write)

    def write_partial(self, summary: Summary) -> None:
        """Says what the programs gave that are over, while others are to come."""
        self.do(lambda files: files.write_partial(summary))

    def left_out(self, first_run: int, found: Sequence[Table | None] | None) -> None:
        """Says which labels each run of a program took for wrong."""
        for run, table in enumerate(found or (), first_run):
            if table is not None:
                self.do(partial(Workdir.left_out, run=run, table=table))

    def do(self, work: Callable[[Workdir], None]) -> None:
        """Work with the files, by the process that has them; what goes wrong is told in all."""
        if self.policy is not None:
            devices.on_main(lambda: work(self.files) if self.files else None)


def run(config: ConfigDict, workdir: str | os.PathLike[str] | None = None) -> History:
    """Trains all the runs of a config in one compiled program.

    With a `workdir` results go there, and the training is saved: called again, it goes on from where it was stopped,
    and what is finished is read.

    Raises:
      UserError: a setting, data or a workdir that cannot be used, or a sweep that takes more than one program; nothing
        is written then.
      Stopped: a signal ended it; all is saved.
    """
    programs = build(config)
    if len(programs) > 1:
        raise UserError(
            f"config.sweep: its shapes differ, which takes {len(programs)} programs; use train.py, or jnl.run on the "
            "config of each of jnl.sweep.points(config)"
        )
    with open_results(config, programs, workdir) as output:
        return train(programs, output)[0]


@contextmanager
def open_results(
    config: ConfigDict, programs: Sequence[ProgramSpec], path: str | os.PathLike[str] | None
) -> Iterator[ResultSink]:
    """The folder for the results of all processes; only the main process writes.

    Raises:
      UserError: it cannot be written, another process is in it, or it holds another training.
    """
    settings = programs[0].settings
    if path is None:
        if settings.tensorboard:
            raise UserError("config.tensorboard: its files go to a workdir; give --workdir")
        yield ResultSink(None, None)
        return
    if "\0" in os.fspath(path):
        raise UserError(f"workdir: {path} is no name of a folder; give another one")
    content: dict[str, Json] = {
        "config": recorded(config),
        "models": [program_spec.model for program_spec in programs],
        "fingerprint": fingerprint(
            [program_spec.dataset for program_spec in programs], [program_spec.runs for program_spec in programs]
        ),
        **record(),
    }
    every = settings.checkpoint
    policy = CheckpointPolicy(Path(path) / CHECKPOINTS, every.every_epochs, every.every_minutes, every.keep)
    events = devices.on_main(lambda: Events(path)) if settings.tensorboard else None
    files = devices.on_main(lambda: Workdir(Path(path), content))
    with ExitStack() as closing:
        if files is not None:
            closing.callback(files.close)
        if events is not None:
            closing.enter_context(events)
        yield ResultSink(files, policy, events)


def train(programs: Sequence[ProgramSpec], output: ResultSink) -> list[History]:
    """Trains program after program, and writes one summary of them all; every epoch is on disk before the next."""
    trained, points, done = [], [], 0
    for number, program_spec in enumerate(programs):
        one = _train(program_spec, output, number, done)
        curves = {name: np.stack([measured[name] for measured in one.curves], 1) for name in one.curves[0]}
        trained.append((one, curves))
        found = tables(program_spec, _states(one))
        output.left_out(done, found)
        lasting = {name: curve[:, program_spec.preparing :] for name, curve in curves.items()}
        points += _points(program_spec, done, lasting, _states(one), found)
        done += len(program_spec.run_infos)
        if number + 1 < len(programs):
            output.write_partial(_summary(points, [one for one, _ in trained]))
    summary = _summary(points, [one for one, _ in trained])
    if output.files is not None:
        summary = output.files.finish(summary)
    return [
        History(curves, summary, _states(one), [_who(run_info) for run_info in program_spec.run_infos])
        for program_spec, (one, curves) in zip(programs, trained, strict=True)
    ]


def _train(program_spec: ProgramSpec, output: ResultSink, number: int, first_run: int) -> TrainingRecord:
    """Trains one program, or reads what it gave."""
    policy = output.policy and output.policy.inside(str(number))

    def make(segments: int) -> multi_run.MultiRunProgram:
        output.do(lambda files: files.settle())
        weighed = weigh(program_spec, output.policy and output.policy.inside(f"{number}-folds"))
        spec = program_spec.train_spec._replace(segments=segments or program_spec.train_spec.segments)
        return multi_run.MultiRunProgram(
            spec, program_spec.dataset, weighed.runs, program_spec.layout, program_spec.settings.runs_at_once
        )

    def on_epoch_end(epoch: int, measured: Measured, seconds: float) -> None:
        output.append(_rows(program_spec, first_run, epoch, measured, seconds))

    title = f"{program_spec.settings.strategy.name} {program_spec.settings.data.name}"
    return train_program(
        title, make, program_spec.abstract_carry, program_spec.epochs, policy, on_epoch_end, program_spec.preparing
    )


def _states(trained: TrainingRecord) -> TrainState:
    """Of all runs, when they are over."""
    return cast(multi_run.EpochCarry, trained.carry).states


def _pool(results: Sequence[BestLast | None]) -> BestLast | None:
    there = [result for result in results if result is not None]
    return pool(there) if len(there) == len(results) else None


def _who(run_info: RunInfo) -> dict[str, Json]:
    return {"seed": run_info.seed, "noise_seed": run_info.noise_seed, **run_info.point.swept}


def _rows(
    program_spec: ProgramSpec, first_run: int, epoch: int, measured: dict[str, np.ndarray], seconds: float
) -> list[dict[str, Json]]:
    """The lines of `metrics.jsonl` for one epoch."""
    rows = []
    for run, run_info in enumerate(program_spec.run_infos):
        row = {"epoch": epoch, "run": first_run + run, **_who(run_info)}
        row |= {name: plain(values[run]) for name, values in measured.items()}
        rows.append(row | {"failed": not np.isfinite(measured["train_loss"][run]), "epoch_seconds": round(seconds, 3)})
    return rows


def _points(
    program_spec: ProgramSpec,
    first_run: int,
    curves: dict[str, np.ndarray],
    states: TrainState,
    found: Sequence[Table | None] | None,
) -> list[PointSummary]:
    """The runs of each point of the sweep, together."""
    finite = np.isfinite(curves["train_loss"])
    failed, first_epoch = ~finite.all(1), program_spec.epochs.start + program_spec.preparing
    summaries = []
    for title in dict.fromkeys(run_info.point.title for run_info in program_spec.run_infos):
        mine = [run for run, run_info in enumerate(program_spec.run_infos) if run_info.point.title == title]
        run_infos = [program_spec.run_infos[run] for run in mine]
        own = {name: curve[mine].astype(np.float64) for name, curve in curves.items()}
        own["label_precision"][failed[mine]] = np.nan
        precision = last10(own["label_precision"])
        estimates = (_estimated(program_spec, run, states) for run in mine if not failed[run])
        best_last = partial(_best_last, own)
        settings = run_infos[0].settings
        summaries.append(
            PointSummary(
                title=title,
                swept=run_infos[0].point.swept,
                strategy=settings.strategy.name,
                data=settings.data.name,
                noise={
                    "kind": settings.noise.kind,
                    "rate": settings.noise.rate,
                    "realized": plain(np.array([run_info.realized_rate for run_info in run_infos])),
                    "matrix": plain(run_infos[0].matrix.round(4)),
                    "estimated_matrix": next(estimates, None),
                },
                runs=[first_run + run for run in mine],
                seeds=[run_info.seed for run_info in run_infos],
                noise_seeds=[run_info.noise_seed for run_info in run_infos],
                checkpoint=settings.result_epoch,
                test_accuracy=best_last("test_accuracy"),
                validation_accuracy=best_last("validation_accuracy"),
                balanced_accuracy=best_last("balanced_accuracy"),
                class_accuracy=_of_classes(own, program_spec.dataset.class_names),
                label_precision=over_runs(precision) if np.isfinite(precision).any() else None,
                left_out=None if found is None else [None if (t := found[run]) is None else len(t) - 1 for run in mine],
                operations=program_spec.operations * len(program_spec.epochs),
                failed_runs=[first_run + run for run in mine if failed[run]],
                failed_epochs=[first_epoch + int(finite[run].argmin()) for run in mine if failed[run]],
            )
        )
    return summaries


def _estimated(program_spec: ProgramSpec, run: int, states: TrainState) -> Json:
    """Return the noise matrix that the strategy of a run has estimated, if it estimates one."""
    state, memory = jax.tree.map(itemgetter(run), states), program_spec.run_infos[run].settings.strategy.instance.memory
    if memory is None or memory.noise is None:
        return None
    return plain(np.asarray(memory.noise(state.memory, state.params.get("strategy", {}))).round(4))


def _best_last(own: dict[str, np.ndarray], name: str) -> BestLast | None:
    """Of a curve that need not be there, with each rule whose curve is."""
    return best_last(own[name], judges(name, own.get)) if name in own else None


def _of_classes(curves: dict[str, np.ndarray], names: Sequence[str]) -> dict[str, dict[str, Json]] | None:
    """The test accuracy of each class, mean over runs and networks, in the best (balanced) and the last epoch."""
    if "class_accuracy" not in curves:
        return None
    there = np.isfinite(curves["train_loss"]).all(1)
    if not there.any():
        return None
    # f64[S, E, C], f64[S, E]
    by_class, balanced = (curves[f"{name}_accuracy"][there].mean(2) for name in ("class", "balanced"))
    best = by_class[np.arange(len(by_class)), balanced.argmax(1)]
    return {
        column: dict(zip(names, cast(list[Json], plain(values.mean(0))), strict=True))
        for column, values in (("best", best), ("last", by_class[:, -1]))
    }


def _summary(points: list[PointSummary], trained: Sequence[TrainingRecord]) -> Summary:
    programs = [one.program for one in trained if one.program is not None]
    return Summary(
        test_accuracy=_pool([point["test_accuracy"] for point in points]),
        validation_accuracy=_pool([point["validation_accuracy"] for point in points]),
        points=points,
        failed_runs=[run for point in points for run in point["failed_runs"]],
        programs=programs,
        compilations=sum(program["compilations"] for program in programs),
        seconds=round(sum(one.seconds for one in trained), 3),
    )
