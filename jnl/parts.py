"""A config made concrete: data, noisy labels, model, strategy, schedules. The only reader of config values."""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from jnl import data, models, noise, registry, runs, schedules, strategies
from jnl.config import complete
from jnl.data import validation
from jnl.epoch import Recipe, start
from jnl.errors import UserError
from jnl.types import Dataset, Run

_FORGET = ("forget_rate", "ramp_epochs", "exponent", "forget_schedule")  # strategy fields that no factory takes


class Parts(NamedTuple):
    """All that an experiment needs."""

    config: ConfigDict  # every field
    model: str
    recipe: Recipe
    dataset: Dataset
    runs: list[Run]
    seeds: list[int]
    noise_seeds: list[int]
    realised_rates: list[float]  # share of training labels that are wrong, per run
    axis: str
    epochs: range


def build(config: ConfigDict) -> Parts:
    """The parts of an experiment; what can be wrong without data is told before they are read.

    Raises:
      UserError: a setting or data that cannot be used.
    """
    config = complete(config)
    if config.sweep:
        raise UserError(
            "config.sweep: this is several experiments; use train.py, or jnl.run on each of config.points()"
        )
    seeds = _seeds(config.seeds)
    noise_seeds = _noise_seeds(config.noise.seed, seeds)
    axis = runs.choose_axis(config.runs_axis)
    noise.check(config.noise.kind, config.noise.rate)
    plans = _plans(config)
    hyper = {name: value for name, value in config.strategy.items() if name not in ("name", *_FORGET)}
    num_nets = strategies.make(config.strategy.name, **hyper).num_nets
    traced = {name: jnp.float32(value) for name, value in hyper.items() if isinstance(value, float)}
    static = {name: value for name, value in hyper.items() if name not in traced}

    dataset = data.load(config.data.name, config.data.dir, **_rest(config.data, "name", "dir", "validation"))
    num_classes = len(dataset.class_names)
    model = _model(config, dataset)
    clean = np.asarray(dataset.train.clean)
    matrix = noise.transition(config.noise.kind, num_classes, config.noise.rate)
    labels = {seed: noise.corrupt(clean, matrix, seed) for seed in set(noise_seeds)}
    splits = {seed: validation.split(labels[seed], config.data.validation, seed) for seed in labels}
    num_train = len(splits[noise_seeds[0]][0])
    if config.batch_size > num_train:
        raise UserError(
            f"config.batch_size: {config.batch_size} is more than {num_train:,} training examples; give at most that"
        )
    steps = num_train // config.batch_size
    if config.protocol.max_steps:
        steps = min(steps, config.protocol.max_steps)
    if config.protocol.drop_last_test:
        kept = len(dataset.test.labels) // config.batch_size * config.batch_size
        dataset = dataset._replace(test=jax.tree.map(lambda leaf: leaf[:kept], dataset.test))
    recipe = Recipe(
        model=models.make(model, num_classes, **_rest(config.model, "name")),
        make_strategy=partial(strategies.make, config.strategy.name, **static),
        num_nets=num_nets,
        batch_size=config.batch_size,
        steps=steps,
    )
    all_runs = [
        Run(
            key=jax.random.key(seed, impl="threefry2x32"),
            labels=jnp.asarray(labels[noise_seed]),
            train_index=jnp.asarray(splits[noise_seed][0]),
            validation_index=jnp.asarray(splits[noise_seed][1]),
            keep=plans.keep,
            learning_rate=plans.learning_rate,
            beta1=plans.beta1,
            hyper=traced,
        )
        for seed, noise_seed in zip(seeds, noise_seeds, strict=True)
    ]
    jax.eval_shape(partial(start, recipe), dataset.train, all_runs[0])  # a network that does not fit is told now
    realised = [float((labels[seed] != clean).mean()) for seed in noise_seeds]
    epochs = range(config.protocol.first_epoch, config.epochs)
    return Parts(config, model, recipe, dataset, all_runs, seeds, noise_seeds, realised, axis, epochs)


class _Plans(NamedTuple):
    keep: jax.Array  # i32[E, B + 1]
    learning_rate: jax.Array  # f32[E]
    beta1: jax.Array  # f32[E]


def _plans(config: ConfigDict) -> _Plans:
    epochs, optim, strategy = config.epochs, config.optim, config.strategy
    if not 0 <= config.protocol.first_epoch < epochs:
        raise UserError(
            f"config.epochs: {epochs} leaves nothing to train after protocol.first_epoch = "
            f"{config.protocol.first_epoch}; give more"
        )
    if config.batch_size < 1:
        raise UserError(f"config.batch_size: {config.batch_size}; give at least 1, the published value is 128")
    if config.protocol.max_steps < 0:
        raise UserError(f"protocol.max_steps: {config.protocol.max_steps} is negative; 0 means no limit")
    if not 0 < optim.learning_rate < math.inf:
        raise UserError(f"optim.learning_rate: {optim.learning_rate} is not positive; the published value is 0.001")
    for name in ("beta1", "beta1_after"):
        if not 0 <= optim[name] < 1:
            raise UserError(f"optim.{name}: {optim[name]} is outside [0, 1); published values are 0.9, then 0.1")
    forget = np.zeros(epochs)
    if "forget_rate" in strategy:
        rate = config.noise.rate if strategy.forget_rate is None else strategy.forget_rate
        forget = schedules.forget_rate(rate, epochs, strategy.ramp_epochs, strategy.exponent, strategy.forget_schedule)
    return _Plans(
        jnp.asarray(schedules.keep_counts(forget, config.batch_size)),
        jnp.asarray(schedules.learning_rate(optim.learning_rate, epochs, optim.decay_start)),
        jnp.asarray(schedules.beta1(optim.beta1, optim.beta1_after, epochs, optim.decay_start)),
    )


def _rest(fields: ConfigDict, *skip: str) -> dict[str, registry.Value]:
    return {name: value for name, value in fields.items() if name not in skip}


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32


def _seeds(value: object) -> list[int]:
    seeds = list(range(1, value + 1)) if isinstance(value, int) else value
    if not isinstance(seeds, list | tuple) or not all(map(_is_seed, seeds)):
        raise UserError(f"config.seeds: {value!r}; give how many, such as 5, or which, such as (3, 7, 11)")
    if not seeds:
        raise UserError("config.seeds: none given; give how many, such as 5, or which, such as (3, 7, 11)")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"config.seeds: {value!r} names a seed twice, which is the same run twice; give different ones")
    return list(seeds)


def _noise_seeds(value: object, seeds: list[int]) -> list[int]:
    if value == "per_run":
        return seeds
    if not isinstance(value, int) or not _is_seed(value):
        raise UserError(f'noise.seed: {value!r}; give one number for all runs, such as 0, or "per_run"')
    return [value] * len(seeds)


def _model(config: ConfigDict, dataset: Dataset) -> str:
    """`auto`: the MLP for grey images and features, the 7-layer CNN for colour images, as published."""
    if config.model.name != "auto":
        return str(config.model.name)
    return "cnn7" if dataset.train.inputs.shape[1:][-1] == 3 and dataset.train.inputs.ndim == 4 else "mlp"
