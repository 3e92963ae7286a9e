"""What one program trains: its runs, and everything that they share."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from jnl.data.dataset import Dataset
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.layout import Layout
from jnl.settings.records import Settings, SettingsPoint
from jnl.support.registry import Value
from jnl.training.spec import RunInputs, TrainSpec


class RunInfo(NamedTuple):
    """The arrays of a run, with its seeds, settings and noise for the results."""

    run: RunInputs
    point: SettingsPoint
    seed: int
    noise_seed: int
    realized_rate: float  # share of wrong training labels; NaN if the true labels are unknown
    matrix: np.ndarray  # f64[C, C] P(noisy | clean) of the drawn labels; NaN if the true labels are unknown

    @property
    def settings(self) -> Settings:
        """The settings of the point that the run belongs to."""
        return self.point.settings


class ProgramSpec(NamedTuple):
    """Everything that one program needs. Its runs may come from several points of a sweep."""

    settings: Settings  # settings of the first point
    model: str  # name of the network
    model_options: Mapping[str, Value]
    train_spec: TrainSpec
    dataset: Dataset
    run_infos: list[RunInfo]
    layout: Layout
    abstract_carry: EpochCarry  # shapes and dtypes of what one run carries between segments
    operations: int  # floating-point operations of one run in one epoch, without evaluation

    @property
    def epochs(self) -> range:
        """The epochs that are trained."""
        return self.settings.epochs

    @property
    def preparing(self) -> int:
        """The number of epochs before the networks start again."""
        return self.settings.preparing

    @property
    def runs(self) -> list[RunInputs]:
        """The arrays of each run."""
        return [run_info.run for run_info in self.run_infos]
