"""From a config to its results: the parts, and the visible loop over epochs. The only reader of configs."""

import os
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from jnl import data, metrics, models, noise, runs, schedules, strategies
from jnl.config import complete
from jnl.data import validation
from jnl.epoch import Recipe
from jnl.errors import UserError
from jnl.step import State
from jnl.types import Dataset, Run
from jnl.writers import Json, Progress, Workdir, plain

_FORGET = ("forget_rate", "ramp_epochs", "exponent", "forget_schedule")  # strategy fields that no factory takes


class History(NamedTuple):
    """What `run` returns."""

    metrics: dict[str, np.ndarray]  # name -> f32[S, epochs] or f32[S, epochs, K]
    summary: dict[str, Json]
    state: State  # of the last epoch, every leaf [S, K, ...]


class Parts(NamedTuple):
    """A config made concrete."""

    config: ConfigDict
    recipe: Recipe
    dataset: Dataset
    runs: list[Run]
    seeds: list[int]
    noise_seeds: list[int]
    realised_rates: list[float]  # share of training labels that are wrong, per run
    axis: str
    epochs: range


def run(config: ConfigDict, workdir: str | os.PathLike[str] | None = None) -> History:
    """Trains all the runs of a config in one compiled program; writes to `workdir` if given.

    Raises:
      UserError: a setting or data that cannot be used; nothing is written then.
    """
    return execute(build(config), workdir)


def execute(parts: Parts, workdir: str | os.PathLike[str] | None = None) -> History:
    """`run` for parts that are built already.

    Raises:
      UserError: the workdir cannot be used.
    """
    begin = time.perf_counter()
    output = Workdir(workdir, _record(parts))
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
    summary = _summary(parts, curves)
    summary |= {"compilations": program.compilations, "compile_seconds": round(program.compile_seconds, 3)}
    summary |= {"seconds": round(time.perf_counter() - begin, 3)}
    output.finish(summary)
    return History(curves, summary, state)


def build(config: ConfigDict) -> Parts:
    """The parts of an experiment.

    Raises:
      UserError: a setting or data that cannot be used.
    """
    config = complete(config)
    if config.sweep:
        raise UserError(
            "config.sweep: a sweep is several experiments; run it with train.py or over config.points(config)"
        )
    if config.epochs < 1 or not 0 <= config.protocol.first_epoch < config.epochs:
        raise UserError(f"config.epochs: {config.epochs} leaves nothing to train; give at least 1 after first_epoch")
    if config.optim.learning_rate <= 0:
        raise UserError(
            f"optim.learning_rate: {config.optim.learning_rate} is not positive; the published value is 0.001"
        )
    for name in ("beta1", "beta1_after"):
        if not 0 <= config.optim[name] < 1:
            raise UserError(f"optim.{name}: {config.optim[name]} is outside [0, 1); published values are 0.9, then 0.1")
    seeds = _seeds(config.seeds, "config.seeds")
    axis = runs.choose_axis(config.runs_axis)
    hyper = {name: value for name, value in config.strategy.items() if name not in ("name", *_FORGET)}
    static = {name: value for name, value in hyper.items() if not isinstance(value, float)}
    traced = {name: jnp.float32(value) for name, value in hyper.items() if isinstance(value, float)}
    strategy = strategies.make(config.strategy.name, **hyper)
    rate = config.strategy.get("forget_rate")
    schedule = [config.strategy[name] for name in _FORGET[1:]] if strategy.forgets else []
    forget = schedules.forget_rate(config.noise.rate if rate is None else rate, config.epochs, *schedule)
    make_matrix = partial(noise.transition, config.noise.kind, rate=config.noise.rate)
    make_matrix(100 if "cifar100" in config.noise.kind else 10)  # a wrong kind or rate is told before data are read

    dataset = data.load(config.data.name, config.data.dir, **_rest(config.data, "name", "dir", "validation"))
    num_classes = len(dataset.class_names)
    model = models.make(_model(config, dataset), num_classes, **_rest(config.model, "name"))
    noise_seeds = seeds if config.noise.seed == "per_run" else _seeds((config.noise.seed,), "noise.seed") * len(seeds)
    clean, matrix = np.asarray(dataset.train.clean), make_matrix(num_classes)
    labels = {seed: noise.corrupt(clean, matrix, seed) for seed in set(noise_seeds)}
    splits = {seed: validation.split(labels[seed], config.data.validation, seed) for seed in set(noise_seeds)}
    num_train, num_test = len(splits[noise_seeds[0]][0]), len(dataset.test.labels)
    batch_size = config.batch_size
    if not 1 <= batch_size <= num_train:
        raise UserError(
            f"config.batch_size: {batch_size} does not fit {num_train} training examples; give 1 to {num_train}"
        )
    steps = num_train // batch_size
    if config.protocol.max_steps > 0:
        steps = min(steps, config.protocol.max_steps)
    if config.protocol.drop_last_test:
        num_test = num_test // batch_size * batch_size
        dataset = dataset._replace(test=jax.tree.map(lambda leaf: leaf[:num_test], dataset.test))
    shared = {
        "keep": jnp.asarray(schedules.keep_counts(forget, batch_size)),
        "learning_rate": jnp.asarray(
            schedules.learning_rate(config.optim.learning_rate, config.epochs, config.optim.decay_start)
        ),
        "beta1": jnp.asarray(
            schedules.beta1(config.optim.beta1, config.optim.beta1_after, config.epochs, config.optim.decay_start)
        ),
        "hyper": traced,
    }
    all_runs = [
        Run(
            key=jax.random.key(seed, impl="threefry2x32"),
            labels=jnp.asarray(labels[noise_seed]),
            train_index=jnp.asarray(splits[noise_seed][0]),
            validation_index=jnp.asarray(splits[noise_seed][1]),
            **shared,
        )
        for seed, noise_seed in zip(seeds, noise_seeds, strict=True)
    ]
    return Parts(
        config=config,
        recipe=Recipe(
            model, partial(strategies.make, config.strategy.name, **static), strategy.num_nets, batch_size, steps
        ),
        dataset=dataset,
        runs=all_runs,
        seeds=seeds,
        noise_seeds=noise_seeds,
        realised_rates=[float((labels[seed] != clean).mean()) for seed in noise_seeds],
        axis=axis,
        epochs=range(config.protocol.first_epoch, config.epochs),
    )


def _rest(fields: ConfigDict, *skip: str) -> dict[str, bool | int | float | str]:
    return {name: value for name, value in fields.items() if name not in skip}


def _seeds(value: object, field: str) -> list[int]:
    seeds = list(range(1, value + 1)) if isinstance(value, int) and field == "config.seeds" else value
    if not isinstance(seeds, list | tuple) or not all(isinstance(seed, int) for seed in seeds):
        raise UserError(
            f"{field}: expected whole numbers, found {value!r}; give a number such as 5 or a tuple (3, 7, 11)"
        )
    if not seeds:
        raise UserError(f"{field}: no seed given; give at least one, such as 5 or (3, 7, 11)")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"{field}: {value!r} names a seed twice; equal seeds are equal runs, give different ones")
    if not all(0 <= seed < 2**32 for seed in seeds):
        raise UserError(f"{field}: {value!r} has a seed outside 0..{2**32 - 1}")
    return list(seeds)


def _model(config: ConfigDict, dataset: Dataset) -> str:
    """`auto`: the MLP for grey images and features, the 7-layer CNN for colour images, as published."""
    if config.model.name != "auto":
        return config.model.name
    return "cnn7" if dataset.train.inputs.shape[-1] == 3 and dataset.train.inputs.ndim == 4 else "mlp"


def describe(parts: Parts) -> str:
    """One line for people: what will run, on what."""
    device, config = jax.devices()[0], parts.config
    realised = np.mean(parts.realised_rates)
    return (
        f"{config.strategy.name} on {config.data.name}, {len(parts.dataset.train.labels):,} examples, "
        f"{config.noise.kind} noise {realised:.2%}; {parts.recipe.model.__class__.__name__}, "
        f"{len(parts.runs)} runs x {parts.recipe.num_nets} networks ({parts.axis}) on {device.device_kind}"
    )


def _record(parts: Parts) -> Json:
    """What `config.json` holds."""
    device = jax.devices()[0]
    return {
        "config": parts.config.to_dict(),
        "model": _model(parts.config, parts.dataset),
        "runs_axis": parts.axis,
        "command": ["python", *sys.argv],
        "versions": {"python": sys.version.split()[0], **{name: _version(name) for name in _PACKAGES}},
        "device": f"{len(jax.devices())} x {device.platform}:{device.device_kind}",
        "git_revision": _git_revision(),
    }


_PACKAGES = ("jnl", "jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "ml-collections")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_revision() -> str | None:
    """The revision of the code that runs, with `+changes` where files differ from it."""
    here = Path(__file__).parent
    try:
        out = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+changes", "--exclude=*"],
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return out.stdout.strip()


def _rows(parts: Parts, epoch: int, measured: dict[str, np.ndarray], seconds: float) -> list[dict[str, Json]]:
    return [
        {"epoch": epoch, "run": number, "seed": parts.seeds[number], "noise_seed": parts.noise_seeds[number]}
        | {name: plain(values[number]) for name, values in measured.items()}
        | {"epoch_seconds": round(seconds, 3)}
        for number in range(len(parts.runs))
    ]


def _summary(parts: Parts, curves: dict[str, np.ndarray]) -> dict[str, Json]:
    last10 = curves["label_precision"][:, -10:].astype(np.float64).mean(1)
    finite = np.isfinite(curves["train_loss"]).all(1)
    return {
        "strategy": parts.config.strategy.name,
        "data": parts.config.data.name,
        "noise": {"kind": parts.config.noise.kind, "rate": parts.config.noise.rate, "realised": parts.realised_rates},
        "seeds": parts.seeds,
        "noise_seeds": parts.noise_seeds,
        "test_accuracy": metrics.best_last(curves["test_accuracy"].astype(np.float64)),
        "label_precision": metrics.over_runs(last10) if np.isfinite(last10).all() else None,
        "failed_runs": np.flatnonzero(~finite).tolist(),
    }
