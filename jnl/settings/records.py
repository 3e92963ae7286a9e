"""The settings of a training as typed records. `parse` makes them from a config and checks them."""

from collections.abc import Mapping
from typing import NamedTuple

from jnl.core.strategy import Strategy
from jnl.ops.augment import Augment
from jnl.settings.config import Value as Swept
from jnl.settings.epoch_plan import EpochPlan
from jnl.support.registry import Value
from jnl.training.optimizers import Optimizer

Options = tuple[tuple[str, Value], ...]  # names and values of the options of one plug-in, sorted by name


class DataSettings(NamedTuple):
    """Which data to load. Trainings with equal records share the loaded data."""

    name: str
    folder: str | None
    options: Options
    corrections: str | None  # files with the decisions of reviews, separated by commas
    whole_test_batches: int  # the test set is cut to a multiple of this number


class NoiseSettings(NamedTuple):
    """Which labels become wrong and which are held out for validation. The seed is not part of it."""

    kind: str
    rate: float
    file: str | None
    validation: float  # share of the training set that is held out


class StrategySettings(NamedTuple):
    """A strategy and all its hyperparameters."""

    name: str
    hyper: dict[str, Value]
    instance: Strategy  # the strategy with these hyperparameters

    @property
    def traced(self) -> dict[str, float]:
        """The hyperparameters that may differ between the runs of one program."""
        return {name: value for name, value in self.hyper.items() if isinstance(value, float)}

    @property
    def static(self) -> dict[str, Value]:
        """The other hyperparameters. Each combination of them needs its own compiled program."""
        return {name: value for name, value in self.hyper.items() if not isinstance(value, float)}


class ModelSettings(NamedTuple):
    """The name of a network, or `auto`, and the options that are set."""

    name: str
    options: Options


class CheckpointSettings(NamedTuple):
    """When a training is saved, and how many checkpoints are kept."""

    every_epochs: int
    every_minutes: float
    keep: int  # number of checkpoints that are kept
    select: str  # `last`, or the rule that chooses the epoch whose weights are kept beside the last
    changed_code: bool  # whether the training continues, although its code has changed
    segment: int  # number of steps after which an epoch can be saved; 0 means some seconds or half a minute


class Settings(NamedTuple):
    """All settings of the runs of one point of a sweep."""

    data: DataSettings
    noise: NoiseSettings
    strategy: StrategySettings
    model: ModelSettings
    precision: str  # of the arithmetic of the networks, one of `models.PRECISIONS`
    augment: Augment
    optimizer: Optimizer
    plan: EpochPlan
    epochs: range  # the epochs that are trained
    preparing: int  # number of these epochs before the networks start again
    batch_size: int
    max_steps: int  # largest number of steps in an epoch; 0 means no limit
    balanced: bool  # each class has the same share of the batches
    stream: str  # `auto`, `always` or `never`
    metrics: tuple[str, ...]  # metrics of other packages
    seeds: tuple[int, ...]
    noise_seeds: tuple[int, ...]  # one for each run
    result_epoch: str  # `last`, or the rule that chooses the epoch whose accuracy is the result
    runs_axis: str
    runs_at_once: int  # 0 means as many as fit into memory
    devices_per_batch: int
    checkpoint: CheckpointSettings
    tensorboard: bool
    minutes: float  # 0 means no limit


class SettingsPoint(NamedTuple):
    """One point of a sweep with its settings. A config without a sweep has one point."""

    title: str  # one printable line
    swept: Mapping[str, Swept]  # field -> value
    settings: Settings
    doubts: tuple[str, ...]  # sentences about fields that may be mistakes
