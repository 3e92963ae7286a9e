"""Build the programs of a config: the data, noisy labels, network and strategy of each run."""

import copy
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from jnl import data, models, strategies
from jnl.core.example_weights import OutOfSample
from jnl.core.strategy import Strategy
from jnl.data.corrections import corrected
from jnl.data.dataset import Dataset
from jnl.data.readers import words
from jnl.experiment.noisy_labels import HELD_OUT, NoisyLabels, draw, share_held_out
from jnl.experiment.program_spec import ProgramSpec, RunInfo
from jnl.models import ModuleNetwork
from jnl.ops.augment import Augment
from jnl.parallel import devices, host_feed
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.layout import Layout, choose, fills_device
from jnl.parallel.tracing import trace_epoch
from jnl.settings.config import complete
from jnl.settings.epoch_plan import check_result_epoch, check_rule
from jnl.settings.parse import parse_data, parse_points
from jnl.settings.records import DataSettings, ModelSettings, NoiseSettings, Settings, SettingsPoint
from jnl.settings.sizes import fit_to, follows_data
from jnl.settings.sweep import swept_names
from jnl.support.errors import UserError
from jnl.support.foreign import is_foreign
from jnl.support.numerics import fixed_numerics
from jnl.support.registry import Value
from jnl.support.text import number
from jnl.support.tracing_errors import TRACING_ERRORS, explained
from jnl.training import metrics
from jnl.training.spec import RunInputs, TrainSpec

_UNKNOWN_YET = cast(tuple[Layout, EpochCarry], (None, None))  # until a program is traced
# Floating-point operations of one segment of an epoch: about half a minute on two CPU cores, or some seconds on a GPU,
# which waits for the host between two segments.
_ON_CPU, _ON_ACCELERATOR = 2**41, 2**47


@fixed_numerics()
def build(
    config: ConfigDict,
    load: Callable[..., Dataset] = data.load,
    network: ModuleNetwork | None = None,
    held_out: float = HELD_OUT,
) -> list[ProgramSpec]:
    """Return the programs of a config. Points of a sweep that differ only in the values of arrays share a program.

    Args:
      config: a config such as the files in `configs/` return.
      load: a function that returns the data set; it takes the arguments of `jnl.data.load`.
      network: the network of all programs; None makes those that the config names.
      held_out: share of the training set that is held out for validation, if there is no test set and the config does
        not say it.

    Raises:
      UserError: if a setting or the data cannot be used.
    """
    source = cache(partial(_dataset, load))
    every = parse_points(_sized(config, source))  # finds wrong settings before any data are read
    share = partial(share_held_out, held_out)

    @cache  # points with the same data and noise share one draw
    def noisy(wanted: DataSettings, kind: NoiseSettings, seed: int) -> NoisyLabels:
        return draw(source(wanted), kind, seed, share(kind, source(wanted)))

    fit = cache(lambda augment, data: augment.fitted(source(data).train.inputs))
    programs: dict[Hashable, list[ProgramSpec]] = {}
    for point in every:
        program_spec = _program(point, source, noisy, share, fit, network)
        programs.setdefault(_shape(program_spec), []).append(program_spec)
    return [_traced(_merge(alike)) for alike in programs.values()]


def _sized(config: ConfigDict, source: Callable[[DataSettings], Dataset]) -> ConfigDict:
    """Return the config with epochs and a batch size that follow the number of training examples, where they are 0."""
    if not follows_data(config):
        return config
    config = copy.deepcopy(config)
    if any(name.partition(".")[0] in ("data", "cells") for name in swept_names(config)):
        raise UserError(
            "config.epochs: 0 follows the number of examples, but the sweep changes the data; give config.epochs and "
            "config.batch_size"
        )
    whole = complete(config)
    fit_to(whole, len(source(parse_data(config)).train.labels))
    with config.unlocked():
        config.epochs, config.batch_size = whole.epochs, whole.batch_size
        if "optim" not in config:
            config.optim = ConfigDict()
        config.optim.decay_start = whole.optim.decay_start
    return config


def _traced(program_spec: ProgramSpec) -> ProgramSpec:
    """Trace an epoch, and choose its number of segments and the layout of its runs.

    Raises `UserError` if the method is the user's own and cannot be compiled.
    """
    spec, settings, number_of_runs = program_spec.train_spec, program_spec.settings, len(program_spec.run_infos)
    dataset = program_spec.dataset
    try:
        state, operations = trace_epoch(spec, dataset.train, program_spec.runs[0], len(dataset.class_names))
    except TRACING_ERRORS as error:
        if not is_foreign(settings.strategy.name):
            raise
        raise UserError(
            f"strategy.name: {settings.strategy.name!r} cannot be compiled: {explained(error)}; "
            "jnl.testing.check_strategy checks a method in seconds"
        ) from error
    most = _ON_CPU if jax.default_backend() == "cpu" else _ON_ACCELERATOR
    segments = 1 + operations * number_of_runs // most
    if settings.checkpoint.segment:
        segments = -(-spec.steps // settings.checkpoint.segment)
    if spec.streams:
        examples = spec.steps * spec.batch_size * number_of_runs
        segments = max(segments, 1 + examples * dataset.train.inputs[0].nbytes // host_feed.BYTES)
    return program_spec._replace(
        train_spec=spec._replace(segments=segments),
        layout=choose(settings.runs_axis, number_of_runs, settings.devices_per_batch, fills_device(state.params)),
        abstract_carry=EpochCarry(state, metrics.zero_counts(spec.metrics)),
        operations=operations,
    )


def _program(
    point: SettingsPoint,
    source: Callable[[DataSettings], Dataset],
    noisy_of: Callable[[DataSettings, NoiseSettings, int], NoisyLabels],
    share: Callable[[NoiseSettings, Dataset], float],
    fit: Callable[[Augment, DataSettings], Augment],
    network: ModuleNetwork | None,
) -> ProgramSpec:
    """Return the program of one point of a sweep. It is not traced yet."""
    settings = point.settings
    dataset = source(settings.data)
    check_result_epoch(settings.result_epoch, dataset.test is not None)
    check_rule("checkpoint.select", settings.checkpoint.select, share(settings.noise, dataset))
    strategy = settings.strategy.instance
    noisy = [noisy_of(settings.data, settings.noise, seed) for seed in settings.noise_seeds]
    if strategy.needs_truth and np.isnan(noisy[0].realized_rate):
        raise UserError(
            f"strategy.name: {settings.strategy.name} needs the true labels, which are unknown for these data; use "
            "another method"
        )
    folds = strategy.example_weights.folds if strategy.example_weights else 0
    if folds:
        _check_folds(settings.batch_size, folds, noisy)
    model = _model(settings.model.name, dataset)
    options = _model_options(settings.model, dataset, model)
    if network is None:
        network = models.wrap(models.make(model, len(dataset.class_names), **options))
    network = replace(network, precision=settings.precision)
    _check_tokens(network, dataset)
    spec = TrainSpec(
        model=network,
        make_strategy=strategies.Maker(settings.strategy.name, tuple(sorted(settings.strategy.static.items()))),
        num_nets=strategy.num_nets,
        batch_size=settings.batch_size,
        steps=_steps(settings, len(noisy[0].train_index)),
        balanced=settings.balanced,
        streams=_streams(settings, dataset, strategy),
        optimizer=settings.optimizer,
        augment=fit(settings.augment, settings.data),
        metrics=settings.metrics,
        only_jnl_code=_only_jnl_code(settings, network),
    )
    run_infos = [
        _run_info(point, one, seed, noise_seed, bool(folds))
        for seed, noise_seed, one in zip(settings.seeds, settings.noise_seeds, noisy, strict=True)
    ]
    return ProgramSpec(settings, model, options, spec, dataset, run_infos, *_UNKNOWN_YET, operations=0)


def _only_jnl_code(settings: Settings, network: ModuleNetwork) -> bool:
    """Return whether strategy, network and metrics are all jnl's. Other code may change while a notebook runs."""
    foreign = is_foreign(settings.strategy.name) or bool(settings.metrics)
    return not foreign and getattr(network.source, "__module__", "").startswith("jnl.")


def _run_info(point: SettingsPoint, noisy: NoisyLabels, seed: int, noise_seed: int, folds: bool) -> RunInfo:
    """Return one run of a point, with the arrays that it trains on. `folds`: whether it needs cross-validation."""
    settings = point.settings
    everyone = jnp.ones(len(noisy.labels), jnp.float32)
    run = RunInputs(
        seed=jnp.uint32(seed),
        labels=noisy.labels,
        weights=everyone,
        transition=noisy.transition,
        train_index=noisy.train_index,
        validation_index=noisy.validation_index,
        keep_counts=settings.plan.keep_counts,
        learning_rate=settings.plan.learning_rate,
        beta1=settings.plan.beta1,
        hyper={name: jnp.float32(value) for name, value in settings.strategy.traced.items()},
        outside=OutOfSample(0 * everyone, noisy.labels) if folds else None,  # replaced when the folds are trained
    )
    return RunInfo(run, point, seed, noise_seed, noisy.realized_rate, noisy.matrix)


def _check_folds(batch_size: int, folds: int, noisy: Sequence[NoisyLabels]) -> None:
    """Raise `UserError` if a class has fewer examples than folds, or if all folds except one fill no batch."""
    for one in noisy:
        counts = np.bincount(np.asarray(one.labels)[np.asarray(one.train_index)])
        if (fewest := int(counts[counts > 0].min())) < folds:
            raise UserError(
                f"strategy.folds: {folds}, but a class has {number(fewest, 'example')}; use fewer folds, or leave this "
                "class out"
            )
        if counts.sum() * (folds - 1) // folds < batch_size:
            raise UserError(
                f"config.batch_size: {batch_size} is more than the examples of {folds - 1} folds; use a smaller batch"
            )


def _shape(program_spec: ProgramSpec) -> Hashable:
    """Return everything that a program is compiled for. Points with an equal result differ only in arrays."""
    leaves, tree = jax.tree.flatten(program_spec.runs[0])
    settings = program_spec.settings
    return (
        program_spec.train_spec,
        settings.data,
        (settings.epochs, settings.runs_axis, settings.runs_at_once, settings.devices_per_batch),
        settings.checkpoint.select,
        (tree, *(leaf.shape for leaf in leaves)),
    )


def _merge(alike: Sequence[ProgramSpec]) -> ProgramSpec:
    """Return one program with the runs of all these programs."""
    first, run_infos = alike[0], [run_info for program_spec in alike for run_info in program_spec.run_infos]
    return first._replace(run_infos=run_infos)


def _dataset(load: Callable[..., Dataset], wanted: DataSettings) -> Dataset:
    """Return the data set after corrections, with its test set cut to a multiple of `wanted.whole_test_batches`."""
    dataset = load(wanted.name, wanted.folder, **dict(wanted.options))
    if wanted.corrections is not None:
        dataset = corrected(dataset, wanted.corrections)
    if dataset.test is None:
        return dataset
    kept = len(dataset.test.labels) // wanted.whole_test_batches * wanted.whole_test_batches
    if not kept:
        raise UserError(
            f"config.batch_size: {wanted.whole_test_batches} is more than the number of test examples; use a smaller "
            "batch"
        )
    return dataset._replace(test=jax.tree.map(lambda leaf: leaf[:kept], dataset.test))


def _streams(settings: Settings, dataset: Dataset, strategy: Strategy) -> bool:
    """Return whether inputs stay on the host. `auto` keeps them there if they would fill more than half of a device.

    Raises `UserError` if they stay on the host and the strategy looks at all examples between epochs.
    """
    large = dataset.train.inputs.nbytes > devices.memory() // 2
    if settings.stream == "never" or (settings.stream == "auto" and not large):
        return False
    looks = strategy.memory is not None and (strategy.memory.host or strategy.memory.refresh)
    if looks or (strategy.example_weights is not None and strategy.example_weights.folds):
        raise UserError(
            f"data.stream: {settings.strategy.name} looks at all examples between epochs, so they must fit into the "
            "memory of the device; use data.stream=never, smaller inputs or another method"
        )
    return True


def _steps(settings: Settings, num_train: int) -> int:
    """Return the number of whole batches in an epoch, at most `max_steps` unless that is 0."""
    if settings.batch_size > num_train:
        raise UserError(f"config.batch_size: {settings.batch_size} is more than {num_train:,} training examples")
    steps = num_train // settings.batch_size
    return min(steps, settings.max_steps or steps)


def _model(name: str, dataset: Dataset) -> str:
    """Return the name of the network.

    `auto` is the published choice: MLP for gray images and features, 7-layer CNN for color images, NewsNet for texts.
    """
    if name != "auto":
        return name
    inputs = dataset.train.inputs
    if inputs.dtype == np.int32:
        return "newsnet"
    return "cnn7" if inputs.ndim == 4 and inputs.shape[-1] == 3 else "mlp"


def _model_options(settings: ModelSettings, dataset: Dataset, name: str) -> dict[str, Value]:
    """Return the options of the network. If the size of the vocabulary is not set, it follows from the data."""
    given = models.options(name) | dict(settings.options)
    if given.get("vocabulary") == 0 and dataset.train.inputs.dtype == np.int32:
        given["vocabulary"] = 1 + _largest(dataset)
    return given


def _largest(dataset: Dataset) -> int:
    """Return the largest token of the training and test set, and of new texts, which may have any known word."""
    splits, known = [dataset.train] if dataset.test is None else [dataset.train, dataset.test], dataset.prepare.words
    return max(*(int(split.inputs.max()) for split in splits), words.FIRST - 1 + len(known) if known else 0)


def _check_tokens(network: ModuleNetwork, dataset: Dataset) -> None:
    """Raise `UserError` if the data have tokens that the network does not know. JAX would take another one for them."""
    if not network.vocabulary or dataset.train.inputs.dtype != np.int32:
        return
    if (most := _largest(dataset)) >= network.vocabulary:
        raise UserError(
            f"model.vocabulary: {network.vocabulary}, but the data have tokens up to {most}; give at least {most + 1}"
        )
