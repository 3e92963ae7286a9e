"""From a config to its results: the visible loop over epochs."""

import os
import time
from typing import NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from jnl import metrics, runs
from jnl.parts import Parts, build
from jnl.provenance import record
from jnl.step import State
from jnl.types import Json
from jnl.writers import Progress, Summary, Workdir, plain


class History(NamedTuple):
    """What `run` returns."""

    metrics: dict[str, np.ndarray]  # name -> f32[S, epochs] or f32[S, epochs, K]
    summary: Summary
    state: State  # of the last epoch, every leaf [S, K, ...]


def run(config: ConfigDict, workdir: str | os.PathLike[str] | None = None) -> History:
    """Trains all the runs of a config in one compiled program; writes to `workdir` if given.

    Raises:
      UserError: a setting, data or a workdir that cannot be used; nothing is written then.
    """
    parts = build(config)
    with open_workdir(parts, workdir) as output:
        return execute(parts, output)


def open_workdir(parts: Parts, path: str | os.PathLike[str] | None) -> Workdir:
    """The folder for the results, with `config.json` in it.

    Raises:
      UserError: it cannot be written, or already holds a run.
    """
    return Workdir(path, {"config": parts.config.to_dict(), "model": parts.model, "runs_axis": parts.axis, **record()})


def execute(parts: Parts, output: Workdir) -> History:
    """Trains; every epoch is on disk before the next one starts."""
    begin = time.perf_counter()
    program = runs.program(parts.recipe, parts.dataset, runs.stack(parts.runs), parts.axis)
    state, history = program.state, []
    title = f"{parts.config.strategy.name} {parts.config.data.name}"
    with Progress(title, len(parts.epochs), parts.recipe.steps * len(parts.runs)) as progress:
        for epoch in parts.epochs:
            start = time.perf_counter()
            state, measured = program.advance(state, epoch)
            seconds = time.perf_counter() - start
            history.append(measured)
            output.append(_rows(parts, epoch, measured, seconds))
            progress.epoch(measured["test_accuracy"], seconds)
    curves = {name: np.stack([measured[name] for measured in history], 1) for name in history[0]}
    summary = _summary(parts, curves, program, time.perf_counter() - begin)
    output.finish(summary)
    return History(curves, summary, state)


def describe(parts: Parts) -> str:
    """One line for people: what will run, on what."""
    config, device = parts.config, jax.devices()[0]
    return (
        f"{config.strategy.name} on {config.data.name}: {len(parts.dataset.train.labels):,} examples, "
        f"{np.mean(parts.realised_rates):.2%} wrong labels ({config.noise.kind}), {parts.model}, "
        f"{len(parts.runs)} runs x {parts.recipe.num_nets} networks by {parts.axis} on {device.device_kind}"
    )


def _rows(parts: Parts, epoch: int, measured: dict[str, np.ndarray], seconds: float) -> list[dict[str, Json]]:
    """The lines of `metrics.jsonl` for one epoch."""
    rows = []
    for run, (seed, noise_seed) in enumerate(zip(parts.seeds, parts.noise_seeds, strict=True)):
        row: dict[str, Json] = {"epoch": epoch, "run": run, "seed": seed, "noise_seed": noise_seed}
        row |= {field: value for field, value in parts.swept.items()}
        row |= {name: plain(values[run]) for name, values in measured.items()}
        rows.append(row | {"epoch_seconds": round(seconds, 3)})
    return rows


def _summary(parts: Parts, curves: dict[str, np.ndarray], program: runs.Program, seconds: float) -> Summary:
    config = parts.config
    return Summary(
        strategy=config.strategy.name,
        data=config.data.name,
        noise={
            "kind": config.noise.kind,
            "rate": config.noise.rate,
            "realised": plain(np.array(parts.realised_rates)),
        },
        seeds=parts.seeds,
        noise_seeds=parts.noise_seeds,
        test_accuracy=metrics.best_last(curves["test_accuracy"].astype(np.float64)),
        label_precision=metrics.last10(curves["label_precision"].astype(np.float64)),
        failed_runs=np.flatnonzero(~np.isfinite(curves["train_loss"]).all(1)).tolist(),
        compilations=program.compilations,
        compile_seconds=round(program.compile_seconds, 3),
        seconds=round(seconds, 3),
    )
