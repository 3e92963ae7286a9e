"""Turn the curves of the runs into the rows of `metrics.jsonl` and into `summary.json`."""

from collections.abc import Sequence
from functools import partial
from operator import itemgetter

import jax
import numpy as np

from jnl.core.train_state import TrainState, strategy_params
from jnl.experiment.checkpoint_manager import TrainingRecord
from jnl.experiment.program_spec import ProgramSpec, RunInfo
from jnl.experiment.suspect_tables import Table
from jnl.ops.curves import criteria
from jnl.results.summary import BestLast, best_last, last10, over_runs, pool
from jnl.results.summary_file import PointSummary, Summary, plain
from jnl.support.json_values import Json, as_list


def metric_rows(
    program_spec: ProgramSpec, first_run: int, epoch: int, measured: dict[str, np.ndarray], seconds: float
) -> list[dict[str, Json]]:
    """Return the rows of `metrics.jsonl` for one epoch of all runs of a program.

    Args:
      program_spec: the program.
      first_run: number of its first run among the runs of all programs.
      epoch: number of the epoch.
      measured: name of a metric -> its values in this epoch, f32[S] or f32[S, ...].
      seconds: wall time of the epoch.
    """
    rows, columns = [], {name: as_list(plain(values)) for name, values in measured.items()}
    for run, run_info in enumerate(program_spec.run_infos):
        row = {"epoch": epoch, "run": first_run + run, **run_columns(run_info)}
        row |= {name: values[run] for name, values in columns.items()}
        rows.append(row | {"failed": not np.isfinite(measured["train_loss"][run]), "epoch_seconds": round(seconds, 3)})
    return rows


def summary_points(
    program_spec: ProgramSpec,
    first_run: int,
    curves: dict[str, np.ndarray],
    losses: np.ndarray,
    states: TrainState,
    found: Sequence[Table | None] | None,
) -> list[PointSummary]:
    """Return the summary of each point of the sweep that has runs in this program.

    Args:
      program_spec: the program that trained the runs.
      first_run: number of its first run among the runs of all programs.
      curves: name -> f32[S, E] or f32[S, E, ...], without the epochs before the networks start again.
      losses: f32[S, E] the training losses of all epochs.
      states: the last states, every leaf [S, ...].
      found: the list of suspected labels of each run, or None if the strategy makes no such lists.
    """
    failed = ~np.isfinite(curves["train_loss"]).all(1)
    first = program_spec.epochs.start + np.isfinite(losses).argmin(1)
    summaries = []
    for title in dict.fromkeys(run_info.point.title for run_info in program_spec.run_infos):
        mine = [run for run, run_info in enumerate(program_spec.run_infos) if run_info.point.title == title]
        run_infos = [program_spec.run_infos[run] for run in mine]
        own = {name: curve[mine].astype(np.float64) for name, curve in curves.items()}
        own["label_precision"][failed[mine]] = np.nan
        precision = last10(own["label_precision"])
        estimates = (_estimated(program_spec, run, states) for run in mine if not failed[run])
        of_metric = partial(_best_last, own)
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
                epochs=program_spec.epochs.stop - program_spec.preparing,
                batch_size=settings.batch_size,
                checkpoint=settings.result_epoch,
                test_accuracy=of_metric("test_accuracy"),
                validation_accuracy=of_metric("validation_accuracy"),
                balanced_accuracy=of_metric("balanced_accuracy"),
                class_accuracy=_of_classes(own, program_spec.dataset.class_names),
                label_precision=over_runs(precision) if np.isfinite(precision).any() else None,
                left_out=None if found is None else [None if (t := found[run]) is None else len(t) - 1 for run in mine],
                operations=program_spec.operations * len(program_spec.epochs),
                failed_runs=[first_run + run for run in mine if failed[run]],
                failed_epochs=[int(first[run]) for run in mine if failed[run]],
            )
        )
    return summaries


def _estimated(program_spec: ProgramSpec, run: int, states: TrainState) -> Json:
    """Return the noise matrix that the strategy of a run has estimated, or None if it estimates none."""
    state, memory = jax.tree.map(itemgetter(run), states), program_spec.run_infos[run].settings.strategy.instance.memory
    if memory is None or memory.noise is None:
        return None
    return plain(np.asarray(memory.noise(state.memory, strategy_params(state.params))).round(4))


def _best_last(own: dict[str, np.ndarray], name: str) -> BestLast | None:
    """Summarize the curve `name` by every rule whose curve is recorded. Return None if `name` is not recorded."""
    return best_last(own[name], criteria(name, own.get)) if name in own else None


def _of_classes(curves: dict[str, np.ndarray], names: Sequence[str]) -> dict[str, dict[str, Json]] | None:
    """Return the mean test accuracy of each class in the epoch of the best balanced accuracy and in the last epoch.

    Return None if the accuracies are not recorded, or if all runs have failed.
    """
    if "class_accuracy" not in curves:
        return None
    there = np.isfinite(curves["train_loss"]).all(1)
    if not there.any():
        return None
    # f64[S, E, C], f64[S, E]
    by_class, balanced = (curves[f"{name}_accuracy"][there].mean(2) for name in ("class", "balanced"))
    best = by_class[np.arange(len(by_class)), balanced.argmax(1)]
    return {
        column: {name: plain(value) for name, value in zip(names, values.mean(0), strict=True)}
        for column, values in (("best", best), ("last", by_class[:, -1]))
    }


def summary_of(points: list[PointSummary], trained: Sequence[TrainingRecord]) -> Summary:
    """Return the content of `summary.json` for the programs that are over."""
    programs = [record.program for record in trained if record.program is not None]
    return Summary(
        test_accuracy=_pool([point["test_accuracy"] for point in points]),
        validation_accuracy=_pool([point["validation_accuracy"] for point in points]),
        points=points,
        failed_runs=[run for point in points for run in point["failed_runs"]],
        programs=programs,
        compilations=sum(program["compilations"] for program in programs),
        seconds=round(sum(record.seconds for record in trained), 3),
    )


def _pool(results: Sequence[BestLast | None]) -> BestLast | None:
    """Return the results of all points as one result, or None if a point has no result."""
    there = [result for result in results if result is not None]
    return pool(there) if len(there) == len(results) else None


def run_columns(run_info: RunInfo) -> dict[str, Json]:
    """Return the seeds and swept values of a run. They are columns of each of its rows."""
    return {"seed": run_info.seed, "noise_seed": run_info.noise_seed, **run_info.point.swept}
