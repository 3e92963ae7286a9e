"""A config made concrete: data, noisy labels, network, strategy, schedules. The only reader of config values."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from jnl import data, models, noise, registry, runs, schedules, strategies
from jnl.config import FORGET_FIELDS, Value, complete
from jnl.data import validation
from jnl.epoch import Recipe, start
from jnl.errors import UserError
from jnl.types import Dataset, Run


class Parts(NamedTuple):
    """All that an experiment needs."""

    config: ConfigDict  # every field
    swept: Mapping[str, Value]  # the values of this point of a sweep
    model: str
    recipe: Recipe
    dataset: Dataset
    runs: list[Run]
    seeds: list[int]
    noise_seeds: list[int]
    realised_rates: list[float]  # share of wrong training labels per run, NaN where the truth is unknown
    axis: str
    epochs: range


def build(
    config: ConfigDict, swept: Mapping[str, Value] | None = None, load: Callable[..., Dataset] = data.load
) -> Parts:
    """The parts of an experiment; what can be wrong without data is told before `load` reads them.

    Raises:
      UserError: a setting or data that cannot be used.
    """
    config = complete(config)
    if config.sweep:
        raise UserError("config.sweep: several experiments; use train.py, or jnl.run on each of jnl.config.points")
    seeds = _seeds(config.seeds)
    noise_seeds = _noise_seeds(config.noise.seed, seeds)
    axis = runs.choose_axis(config.runs_axis)
    noise.check(config.noise.kind, config.noise.rate)
    plans = _plans(config)
    hyper = _rest(config.strategy, "name", *FORGET_FIELDS)
    num_nets = strategies.make(config.strategy.name, **hyper).num_nets
    traced = {name: jnp.float32(value) for name, value in hyper.items() if isinstance(value, float)}
    static = {name: value for name, value in hyper.items() if name not in traced}

    dataset = _whole_batches(config, load(config.data.name, config.data.dir, **_rest(config.data, *_DATA_FIELDS)))
    noisy = {seed: _noisy(config, dataset, seed) for seed in dict.fromkeys(noise_seeds)}
    model = _model(config, dataset)
    recipe = Recipe(
        model=models.make(model, len(dataset.class_names), **_rest(config.model, "name")),
        make_strategy=partial(strategies.make, config.strategy.name, **static),
        num_nets=num_nets,
        batch_size=config.batch_size,
        steps=_steps(config, len(noisy[noise_seeds[0]].train_index)),
    )
    all_runs = [
        Run(
            key=jax.random.key(seed, impl="threefry2x32"),
            labels=noisy[noise_seed].labels,
            train_index=noisy[noise_seed].train_index,
            validation_index=noisy[noise_seed].validation_index,
            keep=plans.keep,
            learning_rate=plans.learning_rate,
            beta1=plans.beta1,
            hyper=traced,
        )
        for seed, noise_seed in zip(seeds, noise_seeds, strict=True)
    ]
    jax.eval_shape(partial(start, recipe), dataset.train, all_runs[0])  # a network that does not fit is told now
    realised = [noisy[seed].realised_rate for seed in noise_seeds]
    epochs = range(config.protocol.first_epoch, config.epochs)
    return Parts(config, swept or {}, model, recipe, dataset, all_runs, seeds, noise_seeds, realised, axis, epochs)


_DATA_FIELDS = ("name", "dir", "validation")  # those that are not options of the source


class _Noisy(NamedTuple):
    labels: jax.Array  # i32[N]
    train_index: jax.Array  # i32[N_train]
    validation_index: jax.Array  # i32[N_validation]
    realised_rate: float


def _noisy(config: ConfigDict, dataset: Dataset, seed: int) -> _Noisy:
    """The labels that training sees; on top of those the data came with, should these be noisy already."""
    given, clean = np.asarray(dataset.train.labels), np.asarray(dataset.train.clean)
    matrix = noise.transition(config.noise.kind, len(dataset.class_names), config.noise.rate)
    labels = noise.corrupt(given, matrix, seed)
    known = clean >= 0
    realised = float((labels != clean)[known].mean()) if known.any() else math.nan
    train, held = validation.split(labels, config.data.validation, seed)
    return _Noisy(jnp.asarray(labels), jnp.asarray(train), jnp.asarray(held), realised)


class _Plans(NamedTuple):
    keep: jax.Array  # i32[E, B + 1]
    learning_rate: jax.Array  # f32[E]
    beta1: jax.Array  # f32[E]


def _plans(config: ConfigDict) -> _Plans:
    epochs, optim, strategy, protocol = config.epochs, config.optim, config.strategy, config.protocol
    if not 0 <= protocol.first_epoch < epochs:
        raise UserError(f"config.epochs: {epochs} leaves nothing after protocol.first_epoch={protocol.first_epoch}")
    if config.batch_size < 1:
        raise UserError(f"config.batch_size: {config.batch_size}; give at least 1, the published value is 128")
    if protocol.max_steps < 0:
        raise UserError(f"protocol.max_steps: {protocol.max_steps} is negative; 0 means no limit")
    if not 0 < optim.learning_rate < float(np.finfo(np.float32).max):
        raise UserError(f"optim.learning_rate: {optim.learning_rate} is not positive and finite; published: 0.001")
    if optim.decay_start < 0:
        raise UserError(f"optim.decay_start: {optim.decay_start} is negative; the published epoch is 80")
    for name in ("beta1", "beta1_after"):
        if not 0 <= optim[name] < 1:
            raise UserError(f"optim.{name}: {optim[name]} is outside [0, 1); published values are 0.9, then 0.1")
    forget = np.zeros(epochs)
    if "forget_rate" in strategy:
        noise_rate = 0.0 if config.noise.kind == "none" else config.noise.rate
        rate = noise_rate if strategy.forget_rate is None else strategy.forget_rate
        forget = schedules.forget_rate(rate, epochs, strategy.ramp_epochs, strategy.exponent, strategy.forget_schedule)
    return _Plans(
        jnp.asarray(schedules.keep_counts(forget, config.batch_size)),
        jnp.asarray(schedules.learning_rate(optim.learning_rate, epochs, optim.decay_start)),
        jnp.asarray(schedules.beta1(optim.beta1, optim.beta1_after, epochs, optim.decay_start)),
    )


def _steps(config: ConfigDict, num_train: int) -> int:
    if config.batch_size > num_train:
        raise UserError(f"config.batch_size: {config.batch_size} is more than {num_train:,} training examples")
    steps = num_train // config.batch_size
    return min(steps, config.protocol.max_steps or steps)


def _whole_batches(config: ConfigDict, dataset: Dataset) -> Dataset:
    """With `protocol.drop_last_test`, the test set without what is left of its last batch."""
    if not config.protocol.drop_last_test:
        return dataset
    kept = len(dataset.test.labels) // config.batch_size * config.batch_size
    if not kept:
        raise UserError(f"config.batch_size: {config.batch_size} is more than the test set holds; use less")
    return dataset._replace(test=jax.tree.map(lambda leaf: leaf[:kept], dataset.test))


def _rest(fields: ConfigDict, *skip: str) -> dict[str, registry.Value]:
    return {name: value for name, value in fields.items() if name not in skip}


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _seeds(value: object) -> list[int]:
    if isinstance(value, int) and _is_number(value) and value < 2**16:
        value = list(range(1, value + 1))
    if not isinstance(value, list | tuple) or not all(_is_number(seed) and 0 <= seed < 2**32 for seed in value):
        raise UserError(f"config.seeds: {value!r}; give how many, such as 5, or which, such as (3, 7, 11)")
    if not value:
        raise UserError("config.seeds: none given; give how many, such as 5, or which, such as (3, 7, 11)")
    if len(set(value)) < len(value):
        raise UserError(f"config.seeds: {value!r} names a seed twice, which is the same run twice; give different ones")
    return list(value)


def _noise_seeds(value: object, seeds: list[int]) -> list[int]:
    if value == "per_run":
        return seeds
    if not isinstance(value, int) or not _is_number(value) or not 0 <= value < 2**32:
        raise UserError(f'noise.seed: {value!r}; give one number for all runs, such as 0, or "per_run"')
    return [value] * len(seeds)


def _model(config: ConfigDict, dataset: Dataset) -> str:
    """`auto`: the MLP for grey images and features, the 7-layer CNN for colour images, as published."""
    if config.model.name != "auto":
        return str(config.model.name)
    shape = dataset.train.inputs.shape
    return "cnn7" if len(shape) == 4 and shape[-1] == 3 else "mlp"
