"""Turn a config into typed settings. Errors that do not depend on the data are raised here, before data are read."""

from typing import TypeGuard

from ml_collections import ConfigDict

from jnl import models, noise, strategies
from jnl.ops.augment import Augment
from jnl.parallel.layout import choose
from jnl.settings.config import complete
from jnl.settings.doubtful_fields import doubtful
from jnl.settings.epoch_plan import check_rate, epoch_plan, noise_rate
from jnl.settings.fields import SHARED
from jnl.settings.records import (
    CheckpointSettings,
    DataSettings,
    ModelSettings,
    NoiseSettings,
    Options,
    Settings,
    SettingsPoint,
    StrategySettings,
)
from jnl.settings.schema import TOP_LEVEL
from jnl.settings.sweep import points
from jnl.support.errors import UserError, unknown
from jnl.support.foreign import is_foreign
from jnl.support.json_values import Json
from jnl.support.registry import Value
from jnl.training import metrics
from jnl.training.optimizers import Optimizer

_STREAM = ["auto", "always", "never"]


def parse_points(config: ConfigDict) -> list[SettingsPoint]:
    """Return the settings of all points of a sweep.

    Raises:
      UserError: as `parse`, or the sweep cannot be used.
    """
    return [
        SettingsPoint(point.title, point.swept, parse(point.config), tuple(doubtful(point.config, point.swept)))
        for point in points(config)
    ]


def parse(config: ConfigDict) -> Settings:
    """Return the settings of a config without a sweep.

    Raises:
      UserError: if a field does not exist or a value cannot be used. The message names the field and what to do.
    """
    config = complete(config)
    checkpoint = _checkpoint(config.checkpoint)
    seeds = seeds_of(config.seeds)
    noise_seeds = _noise_seeds(config.noise.seed, seeds)
    noise.check(config.noise.kind, config.noise.rate, config.noise.file)
    if config.runs_at_once < 0:
        raise UserError(f"config.runs_at_once: {config.runs_at_once} is negative; 0 means as many as fit")
    if config.devices_per_batch > 1 and config.batch_size % config.devices_per_batch:
        raise UserError(f"config.devices_per_batch: {config.devices_per_batch} does not divide batch_size")
    choose(config.runs_axis, 1, config.devices_per_batch)
    if config.precision not in models.PRECISIONS:
        raise unknown("precision", config.precision, models.PRECISIONS)
    augment = Augment(**config.augment)
    augment.check()
    optimizer = Optimizer(**{field: config.optim[field] for field in Optimizer._fields})
    optimizer.check()
    if config.data.stream not in _STREAM:
        raise unknown("data.stream", config.data.stream, _STREAM)
    hyper = {
        name: noise_rate(config) if value is None else value for name, value in _options("strategy", config.strategy)
    }
    if "noise_rate" in hyper:
        check_rate("strategy.noise_rate", hyper["noise_rate"])
    strategy = strategies.make(config.strategy.name, **hyper)
    plan = epoch_plan(config, strategy.reset_epoch)
    first = config.protocol.first_epoch
    if first and strategy.memory:
        raise UserError(f"protocol.first_epoch: {config.strategy.name} counts its phases from epoch 0; use 0")
    weighting = strategy.example_weights
    if weighting and weighting.epochs > config.epochs:
        raise UserError(f"strategy.fold_epochs: {weighting.epochs} is more than config.epochs {config.epochs}")
    whole = config.batch_size if config.protocol.drop_last_test else 1
    return Settings(
        data=_data(config, whole),
        noise=NoiseSettings(config.noise.kind, config.noise.rate, config.noise.file, config.data.validation),
        strategy=StrategySettings(config.strategy.name, hyper, strategy),
        model=ModelSettings(config.model.name, _options("model", config.model)),
        precision=config.precision,
        augment=augment,
        optimizer=optimizer,
        plan=plan,
        epochs=range(first, strategy.reset_epoch + config.epochs),
        preparing=max(strategy.reset_epoch - first, 0),
        batch_size=config.batch_size,
        max_steps=config.protocol.max_steps,
        balanced=config.data.balanced,
        stream=config.data.stream,
        metrics=_metrics(config.metrics),
        seeds=seeds,
        noise_seeds=noise_seeds,
        result_epoch=config.protocol.checkpoint,
        runs_axis=config.runs_axis,
        runs_at_once=config.runs_at_once,
        devices_per_batch=config.devices_per_batch,
        checkpoint=checkpoint,
        tensorboard=config.tensorboard,
        minutes=_minutes(config.minutes),
    )


def parse_data(config: ConfigDict) -> DataSettings:
    """Return the data settings of a config, without a look at its other fields.

    Raises:
      UserError: if a field does not exist.
    """
    config = complete(config)
    return _data(config, 1)


def _data(config: ConfigDict, whole_test_batches: int) -> DataSettings:
    options = _options("data", config.data)
    return DataSettings(config.data.name, config.data.dir, options, config.data.corrections, whole_test_batches)


def all_fields(config: ConfigDict) -> dict[str, Json]:
    """Return every field of a config with its value, as `config.json` stores it."""
    return complete(config).to_dict()


def _checkpoint(fields: ConfigDict) -> CheckpointSettings:
    for field, least in (("every_epochs", 1), ("keep", 1), ("segment", 0)):
        if fields[field] < least:
            raise UserError(f"checkpoint.{field}: {fields[field]}; give at least {least}")
    if not fields.every_minutes > 0:
        raise UserError(f"checkpoint.every_minutes: {fields.every_minutes}; give more than 0")
    return CheckpointSettings(**fields)


def _minutes(value: float) -> float:
    if not 0 <= value < float("inf"):
        raise UserError(f"config.minutes: {value}; give a number of minutes, or 0 for no limit")
    return float(value)


def _options(section: str, fields: ConfigDict) -> Options:
    """Return the fields of a section that belong to its plug-in."""
    return tuple(sorted((name, value) for name, value in fields.items() if name not in SHARED[section]))


def _metrics(value: object) -> tuple[str, ...]:
    """Return the names of metrics of other packages. Raise `UserError` if one cannot be used."""
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and is_foreign(name) for name in value):
        raise UserError(f'config.metrics: {value!r}; give functions by name, such as ("package.module:function",)')
    metrics.with_others(names := tuple(value))
    if taken := TOP_LEVEL & set(map(metrics.column, names)):  # columns of swept values have these names
        raise UserError(f"config.metrics: {min(taken)!r} is also a part of the config; give the function another name")
    return names


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def seeds_of(value: object) -> tuple[int, ...]:
    """Return the seeds: 1 to n for a number n, or the listed ones. Raise `UserError` if they cannot be used."""
    if _is_number(value) and value < 2**16:
        value = list(range(1, value + 1))
    if not isinstance(value, list | tuple) or not all(_is_number(seed) and 0 <= seed < 2**32 for seed in value):
        raise UserError(
            f"config.seeds: {value!r}; give the number of seeds, such as 5, or the seeds, such as (3, 7, 11)"
        )
    if not value:
        raise UserError(
            "config.seeds: there are none; give the number of seeds, such as 5, or the seeds, such as (3, 7, 11)"
        )
    if len(set(value)) < len(value):
        raise UserError(f"config.seeds: {value!r} names a seed twice, which is the same run twice; give different ones")
    return tuple(value)


def _noise_seeds(value: Value, seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the noise seed of each run: the seed of the run for "per_run", or the same number for all runs."""
    if value == "per_run":
        return seeds
    if not _is_number(value) or not 0 <= value < 2**32:
        raise UserError(f'noise.seed: {value!r}; give one number for all runs, such as 0, or "per_run"')
    return (value,) * len(seeds)
