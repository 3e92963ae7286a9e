"""A config made concrete: data, noisy labels, network, strategy, schedules. The only reader of config values."""

import math
from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from jnl import data, models, noise, strategies
from jnl.core import registry
from jnl.core.errors import UserError, unknown
from jnl.core.memory import OutOfSample
from jnl.core.strategy import Strategy
from jnl.data import holdout
from jnl.data.dataset import Dataset
from jnl.experiment.program_spec import ProgramSpec, RunInfo
from jnl.ops.augment import Augment
from jnl.parallel import devices, flops, host_feed
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.layout import choose
from jnl.settings.config import DATA_FIELDS, FORGET_FIELDS
from jnl.settings.epoch_plan import check_checkpoint, epoch_plan, noise_rate
from jnl.settings.sweep import SweepPoint, points
from jnl.training import metrics
from jnl.training.epoch import init_state, train_epoch
from jnl.training.optimizers import Optimizer
from jnl.training.spec import RunInputs, TrainSpec

STREAM = ["auto", "always", "never"]
_HELD_OUT = 0.1  # for validation, where there is no test set
_OPERATIONS = 2**41  # floating-point, of a segment of an epoch: about half a minute on two CPU cores


def build(config: ConfigDict, load: Callable[..., Dataset] = data.load) -> list[ProgramSpec]:
    """The programs of a config: points of a sweep that differ in arrays only share one.

    Raises:
      UserError: a setting or data that cannot be used.
    """
    every = list(points(config))
    for point in every:  # what can be wrong without data is told before they are read
        _check(point.config)
    source = cache(partial(_dataset, load))
    noisy = cache(partial(_noisy, source))  # points that share data and noise draw it once
    fit = cache(lambda augment, *read: augment.fitted(source(*read).train.inputs))
    programs: dict[Hashable, list[ProgramSpec]] = {}
    for point in every:
        program_spec = _one(point, source, noisy, fit)
        programs.setdefault(_shape(program_spec), []).append(program_spec)
    return [_traced(_merge(alike)) for alike in programs.values()]


def _traced(program_spec: ProgramSpec) -> ProgramSpec:
    """What does not fit together, such as a network and the size of the images, is told now; the work is counted."""
    spec, train, run = program_spec.train_spec, program_spec.dataset.train, program_spec.runs[0]
    train = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), train)  # reads no mapped file
    state = jax.eval_shape(partial(init_state, spec), train, run)
    number = flops.count(partial(train_epoch, spec), train, run, state, jnp.int32(0))
    segments = 1 + number * len(program_spec.run_infos) // _OPERATIONS
    if program_spec.config.checkpoint.segment:
        segments = -(-spec.steps // program_spec.config.checkpoint.segment)
    if spec.streams:
        examples = spec.steps * spec.batch_size * len(program_spec.run_infos)
        segments = max(segments, 1 + examples * program_spec.dataset.train.inputs[0].nbytes // host_feed.BYTES)
    return program_spec._replace(
        train_spec=spec._replace(segments=segments),
        abstract_carry=EpochCarry(state, metrics.zero_counts()),
        operations=number,
    )


def _check(config: ConfigDict) -> None:
    every = config.checkpoint
    for field, least in (("every_epochs", 1), ("keep", 1), ("segment", 0)):
        if every[field] < least:
            raise UserError(f"checkpoint.{field}: {every[field]}; give at least {least}")
    if not every.every_minutes > 0:
        raise UserError(f"checkpoint.every_minutes: {every.every_minutes}; give more than 0")
    _noise_seeds(config.noise.seed, _seeds(config.seeds))
    noise.check(config.noise.kind, config.noise.rate, config.noise.file)
    if config.runs_at_once < 0:
        raise UserError(f"config.runs_at_once: {config.runs_at_once} is negative; 0 means as many as fit")
    if config.devices_per_batch > 1 and config.batch_size % config.devices_per_batch:
        raise UserError(f"config.devices_per_batch: {config.devices_per_batch} does not divide batch_size")
    choose(config.runs_axis, 1, config.devices_per_batch)
    Augment(**config.augment).check()
    _optimizer(config).check()
    if config.data.stream not in STREAM:
        raise unknown("data.stream", config.data.stream, STREAM)
    strategy = strategies.make(config.strategy.name, **_hyper(config))
    epoch_plan(config, strategy.reset_epoch)
    if config.protocol.first_epoch and strategy.memory:
        raise UserError(f"protocol.first_epoch: {config.strategy.name} counts its phases from epoch 0; use 0")
    if strategy.example_weights and strategy.example_weights.epochs > config.epochs:
        raise UserError(
            f"strategy.fold_epochs: {strategy.example_weights.epochs} is more than config.epochs {config.epochs}"
        )


def _one(
    point: SweepPoint, source: Callable[..., Dataset], draw: Callable[..., "_Noisy"], fit: Callable[..., Augment]
) -> ProgramSpec:
    config = point.config
    hyper = _hyper(config)
    strategy = strategies.make(config.strategy.name, **hyper)
    plan = epoch_plan(config, strategy.reset_epoch)
    traced = {name: jnp.float32(value) for name, value in hyper.items() if isinstance(value, float)}
    static = {name: value for name, value in hyper.items() if name not in traced}
    dataset = source(*_data(config))
    check_checkpoint(config, dataset.test is not None)
    seeds = _seeds(config.seeds)
    noise_seeds = _noise_seeds(config.noise.seed, seeds)
    settings = (config.noise.kind, config.noise.rate, config.noise.file, config.data.validation)
    noisy = [draw(_data(config), *settings, seed) for seed in noise_seeds]
    model = _model(config, dataset)
    told = config.strategy.get("known_noise", False) or config.strategy.name == "oracle"
    if told and np.isnan(noisy[0].realized_rate):
        raise UserError(f"strategy.name: {config.strategy.name} wants the truth, which nobody knows of these data")
    if strategy.example_weights and strategy.example_weights.folds:
        _check_folds(config, strategy.example_weights.folds, noisy)
    spec = TrainSpec(
        model=models.make(model, len(dataset.class_names), **_model_options(config, dataset, model)),
        make_strategy=partial(strategies.make, config.strategy.name, **static),
        num_nets=strategy.num_nets,
        batch_size=config.batch_size,
        steps=_steps(config, len(noisy[0].train_index)),
        balanced=config.data.balanced,
        streams=_streams(config, dataset, strategy),
        optimizer=_optimizer(config),
        augment=fit(Augment(**config.augment), *_data(config)),
    )
    everyone = jnp.ones(len(dataset.train.labels), jnp.float32)
    folds = strategy.example_weights is not None and strategy.example_weights.folds > 0
    run_infos = [
        RunInfo(
            RunInputs(
                seed=jnp.uint32(seed),
                labels=one.labels,
                weights=everyone,
                transition=one.transition,
                train_index=one.train_index,
                validation_index=one.validation_index,
                keep_counts=plan.keep_counts,
                learning_rate=plan.learning_rate,
                beta1=plan.beta1,
                hyper=traced,
                outside=OutOfSample(0 * everyone, one.labels) if folds else None,  # until the folds are trained
            ),
            point,
            seed,
            noise_seed,
            one.realized_rate,
            one.matrix,
        )
        for seed, noise_seed, one in zip(seeds, noise_seeds, noisy, strict=True)
    ]
    layout = choose(config.runs_axis, len(run_infos), config.devices_per_batch)
    epochs = range(config.protocol.first_epoch, strategy.reset_epoch + config.epochs)
    preparing = max(strategy.reset_epoch - epochs.start, 0)
    return ProgramSpec(
        config,
        model,
        spec,
        dataset,
        run_infos,
        layout,
        epochs,
        preparing,
        abstract_carry=cast(EpochCarry, None),
        operations=0,
    )


def _check_folds(config: ConfigDict, folds: int, noisy: Sequence["_Noisy"]) -> None:
    for one in noisy:
        counts = np.bincount(np.asarray(one.labels)[np.asarray(one.train_index)])
        if counts[counts > 0].min() < folds:
            raise UserError(f"strategy.folds: {folds}, but a class has {counts[counts > 0].min()} examples; use less")
        if counts.sum() * (folds - 1) // folds < config.batch_size:
            raise UserError(f"config.batch_size: {config.batch_size} is more than the examples of {folds - 1} folds")


def _shape(program_spec: ProgramSpec) -> Hashable:
    """All that a program is compiled for: points that are equal in it differ in arrays only."""
    leaves, tree = jax.tree.flatten(program_spec.runs[0])
    maker, config = program_spec.train_spec.make_strategy, program_spec.config
    assert isinstance(maker, partial)
    return (
        program_spec.train_spec._replace(make_strategy=maker.func),
        (*maker.args, *sorted(maker.keywords.items())),
        _data(config),
        (program_spec.epochs, config.runs_axis, config.runs_at_once, config.devices_per_batch),
        (tree, *(leaf.shape for leaf in leaves)),
    )


def _merge(alike: Sequence[ProgramSpec]) -> ProgramSpec:
    first, run_infos = alike[0], [run_info for program_spec in alike for run_info in program_spec.run_infos]
    layout = choose(first.config.runs_axis, len(run_infos), first.config.devices_per_batch)
    return first._replace(run_infos=run_infos, layout=layout)


def _data(config: ConfigDict) -> tuple[str, str | None, tuple[tuple[str, registry.Value], ...], int]:
    """What to read: name, folder, options of the source, and of what size the test batches must be whole."""
    options = tuple(sorted(_rest(config.data, *DATA_FIELDS).items()))
    return config.data.name, config.data.dir, options, config.batch_size if config.protocol.drop_last_test else 1


def _dataset(
    load: Callable[..., Dataset],
    name: str,
    folder: str | None,
    options: tuple[tuple[str, registry.Value], ...],
    whole: int,
) -> Dataset:
    dataset = load(name, folder, **dict(options))
    if dataset.test is None:
        return dataset
    kept = len(dataset.test.labels) // whole * whole
    if not kept:
        raise UserError(f"config.batch_size: {whole} is more than the test set holds; use less")
    return dataset._replace(test=jax.tree.map(lambda leaf: leaf[:kept], dataset.test))


class _Noisy(NamedTuple):
    labels: jax.Array  # i32[N]
    transition: jax.Array  # f32[C, C]
    train_index: jax.Array  # i32[N_train]
    validation_index: jax.Array  # i32[N_validation]
    realized_rate: float
    matrix: np.ndarray  # f64[C, C]


def _noisy(
    source: Callable[..., Dataset], read: tuple, kind: str, rate: float, file: str | None, held_out: float, seed: int
) -> _Noisy:
    """The labels that training sees; on top of those the data came with, should these be noisy already."""
    dataset = source(*read)
    given, clean = np.asarray(dataset.train.labels), np.asarray(dataset.train.clean)
    classes, known = len(dataset.class_names), clean >= 0
    labels = noise.draw(kind, given, classes, rate, seed, dataset.train.inputs, file)
    realized, matrix = math.nan, np.full((classes, classes), np.nan)
    if known.any():
        realized, matrix = float((labels != clean)[known].mean()), noise.realized(clean, labels, classes)
    # Without a matrix of its own noise is what it turned out to be.
    of_its_own = kind == "instance" or (given != clean)[known].any()
    if of_its_own:
        told = noise.realized(np.where(known, clean, given), labels, classes)
    else:
        told = noise.transition(kind, classes, rate, file)
    share = held_out or (_HELD_OUT if dataset.test is None else 0.0)
    train, held = holdout.split(labels, share, seed)
    told = told.astype(np.float32)
    return _Noisy(jnp.asarray(labels), jnp.asarray(told), jnp.asarray(train), jnp.asarray(held), realized, matrix)


def _optimizer(config: ConfigDict) -> Optimizer:
    return Optimizer(**{field: config.optim[field] for field in Optimizer._fields})


def _streams(config: ConfigDict, dataset: Dataset, strategy: Strategy) -> bool:
    """Whether inputs stay on the host: as asked, or where they would fill more than half of a device."""
    large = dataset.train.inputs.nbytes > devices.memory() // 2
    if config.data.stream == "never" or (config.data.stream == "auto" and not large):
        return False
    looks = strategy.memory is not None and (strategy.memory.host or strategy.memory.refresh)
    if looks or (strategy.example_weights is not None and strategy.example_weights.folds):
        raise UserError(
            f"data.stream: {config.strategy.name} looks at all examples between epochs, so they must fit into the "
            "memory of the device; use data.stream=never, smaller inputs or another strategy"
        )
    return True


def _steps(config: ConfigDict, num_train: int) -> int:
    if config.batch_size > num_train:
        raise UserError(f"config.batch_size: {config.batch_size} is more than {num_train:,} training examples")
    steps = num_train // config.batch_size
    return min(steps, config.protocol.max_steps or steps)


def _hyper(config: ConfigDict) -> dict[str, registry.Value]:
    hyper = _rest(config.strategy, "name", *FORGET_FIELDS)
    return {name: noise_rate(config) if value is None else value for name, value in hyper.items()}


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
    """`auto`, as published: MLP for grey images and features, 7-layer CNN for colour images, NewsNet for texts."""
    if config.model.name != "auto":
        return str(config.model.name)
    inputs = dataset.train.inputs
    if inputs.dtype == np.int32:
        return "newsnet"
    return "cnn7" if inputs.ndim == 4 and inputs.shape[-1] == 3 else "mlp"


def _model_options(config: ConfigDict, dataset: Dataset, name: str) -> dict[str, registry.Value]:
    """As set; a vocabulary that is not follows the data."""
    given = models.options(name) | _rest(config.model, "name")
    if given.get("vocabulary") == 0 and dataset.train.inputs.dtype == np.int32:
        tests = [] if dataset.test is None else [dataset.test]
        given["vocabulary"] = 1 + max(int(split.inputs.max()) for split in (dataset.train, *tests))
    return given
