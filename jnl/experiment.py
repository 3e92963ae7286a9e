"""From a config to its results: the visible loop over epochs."""

import os
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, cast

import numpy as np
from ml_collections import ConfigDict

from jnl import devices, layout, metrics, runs
from jnl.config import complete
from jnl.errors import UserError
from jnl.folds import weigh
from jnl.metrics import BestLast
from jnl.networks import State
from jnl.parts import Member, Parts, build
from jnl.provenance import record
from jnl.registry import Json
from jnl.writers import PointSummary, ProgramSummary, Progress, Summary, Workdir, plain


class History(NamedTuple):
    """What a training gives. Of a sweep, `runs` says which run is which."""

    metrics: dict[str, np.ndarray]  # name -> f32[S, epochs] or f32[S, epochs, K]
    summary: Summary
    state: State  # of the last epoch, on the host, every leaf [S, K, ...]
    runs: list[dict[str, Json]]  # seeds and swept values of each


def run(config: ConfigDict, workdir: str | os.PathLike[str] | None = None) -> History:
    """Trains all the runs of a config in one compiled program; writes to `workdir` if given.

    Raises:
      UserError: a setting, data or a workdir that cannot be used, or a sweep that takes more than one program; nothing
        is written then.
    """
    programs = build(config)
    if len(programs) > 1:
        raise UserError(
            f"config.sweep: its shapes differ, which takes {len(programs)} programs; use train.py, or jnl.run on the "
            "config of each of jnl.config.points(config)"
        )
    with open_workdir(config, programs, workdir) as output:
        return train(programs, output)[0]


def open_workdir(config: ConfigDict, programs: Sequence[Parts], path: str | os.PathLike[str] | None) -> Workdir:
    """The folder for the results, with `config.json` in it; only the main process writes.

    Raises:
      UserError: it cannot be written, or already holds a run.
    """
    Workdir.check(path)
    devices.wait_for_all("workdir")
    models: list[Json] = [parts.model for parts in programs]
    content = {"config": complete(config).to_dict(), "models": models, **record()}
    return Workdir(path if devices.is_main() else None, content)


def train(programs: Sequence[Parts], output: Workdir) -> list[History]:
    """Trains program after program, and writes one summary of them all; every epoch is on disk before the next."""
    begin, trained, done = time.perf_counter(), [], 0
    for parts in programs:
        trained.append(_train(parts, output, done))
        done += len(parts.members)
    summary = _summary(trained, time.perf_counter() - begin)
    output.finish(summary)
    return [
        History(one.curves, summary, one.state, [_who(member) for member in parts.members])
        for parts, one in zip(programs, trained, strict=True)
    ]


def _pool(results: Sequence[BestLast | None]) -> BestLast | None:
    there = [result for result in results if result is not None]
    return metrics.pool(there) if len(there) == len(results) else None


class _Trained(NamedTuple):
    curves: dict[str, np.ndarray]  # as `History.metrics`
    state: State
    points: list[PointSummary]
    program: ProgramSummary


def _train(parts: Parts, output: Workdir, first_run: int) -> _Trained:
    parts = weigh(parts)
    program = runs.Program(parts.recipe, parts.dataset, parts.runs, parts.layout, parts.config.runs_at_once)
    states, history = None, []
    title = f"{parts.config.strategy.name} {parts.config.data.name}"
    with Progress(title, len(parts.epochs), parts.recipe.steps * len(parts.members)) as progress:
        for epoch in parts.epochs:
            start = time.perf_counter()
            states, measured = program.first(epoch) if states is None else program.advance(states, epoch)
            seconds = time.perf_counter() - start
            history.append(measured)
            output.append(_rows(parts, first_run, epoch, measured, seconds))
            progress.epoch(measured, seconds)
    assert states is not None
    curves = {name: np.stack([measured[name] for measured in history], 1) for name in history[0]}
    described = ProgramSummary(
        runs=len(parts.members),
        runs_at_once=program.at_once,
        layout=layout.describe(parts.layout),
        bytes_per_device=program.bytes,
        compilations=program.compilations,
        compile_seconds=round(program.compile_seconds, 3),
    )
    after = {name: curve[:, parts.preparing :] for name, curve in curves.items()}
    return _Trained(curves, program.gather(states), _points(parts, first_run, after), described)


def _who(member: Member) -> dict[str, Json]:
    return {"seed": member.seed, "noise_seed": member.noise_seed, **member.point.swept}


def _rows(
    parts: Parts, first_run: int, epoch: int, measured: dict[str, np.ndarray], seconds: float
) -> list[dict[str, Json]]:
    """The lines of `metrics.jsonl` for one epoch."""
    rows = []
    for run, member in enumerate(parts.members):
        row = {"epoch": epoch, "run": first_run + run, **_who(member)}
        row |= {name: plain(values[run]) for name, values in measured.items()}
        rows.append(row | {"epoch_seconds": round(seconds, 3)})
    return rows


def _points(parts: Parts, first_run: int, curves: dict[str, np.ndarray]) -> list[PointSummary]:
    """The runs of each point of the sweep, together."""
    lost = ~np.isfinite(curves["train_loss"]).all(1)
    summaries = []
    for title in dict.fromkeys(member.point.title for member in parts.members):
        mine = [run for run, member in enumerate(parts.members) if member.point.title == title]
        members = [parts.members[run] for run in mine]
        own = {name: curve[mine].astype(np.float64) for name, curve in curves.items()}
        best_last = partial(_best_last, own)
        config = members[0].point.config
        summaries.append(
            PointSummary(
                title=title,
                swept=members[0].point.swept,
                strategy=config.strategy.name,
                data=config.data.name,
                noise={
                    "kind": config.noise.kind,
                    "rate": config.noise.rate,
                    "realised": plain(np.array([member.realised_rate for member in members])),
                    "matrix": plain(members[0].matrix.round(4)),
                },
                runs=[first_run + run for run in mine],
                seeds=[member.seed for member in members],
                noise_seeds=[member.noise_seed for member in members],
                test_accuracy=best_last("test_accuracy"),
                validation_accuracy=best_last("validation_accuracy"),
                balanced_accuracy=best_last("balanced_accuracy"),
                class_accuracy=_of_classes(own, parts.dataset.class_names),
                label_precision=metrics.last10(own["label_precision"]),
                failed_runs=[first_run + run for run in mine if lost[run]],
            )
        )
    return summaries


def _best_last(curves: dict[str, np.ndarray], name: str) -> BestLast | None:
    """Of a curve that need not be there; `selected` where there is a validation set."""
    if name not in curves:
        return None
    return metrics.best_last(curves[name], None if name == "validation_accuracy" else curves.get("validation_accuracy"))


def _of_classes(curves: dict[str, np.ndarray], names: Sequence[str]) -> dict[str, dict[str, Json]] | None:
    """The test accuracy of each class, mean over runs and networks, in the best (balanced) and the last epoch."""
    if "class_accuracy" not in curves:
        return None
    by_class, balanced = curves["class_accuracy"].mean(2), curves["balanced_accuracy"].mean(2)  # f64[S, E, C], [S, E]
    best = by_class[np.arange(len(by_class)), balanced.argmax(1)]
    return {
        column: dict(zip(names, cast(list[Json], plain(values.mean(0))), strict=True))
        for column, values in (("best", best), ("last", by_class[:, -1]))
    }


def _summary(trained: Sequence[_Trained], seconds: float) -> Summary:
    points = [point for one in trained for point in one.points]
    programs = [one.program for one in trained]
    return Summary(
        test_accuracy=_pool([point["test_accuracy"] for point in points]),
        validation_accuracy=_pool([point["validation_accuracy"] for point in points]),
        points=points,
        failed_runs=[run for point in points for run in point["failed_runs"]],
        programs=programs,
        compilations=sum(program["compilations"] for program in programs),
        seconds=round(seconds, 3),
    )
