"""What one program trains: its runs, and all that they share."""

from typing import NamedTuple

import numpy as np

from jnl.data.dataset import Dataset
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.layout import Layout
from jnl.settings.records import Settings
from jnl.settings.sweep import SweepPoint
from jnl.training.spec import RunInputs, TrainSpec


class RunInfo(NamedTuple):
    """A run, and what it is for people."""

    run: RunInputs
    point: SweepPoint
    settings: Settings
    seed: int
    noise_seed: int
    realized_rate: float  # share of wrong training labels, NaN where the truth is unknown
    matrix: np.ndarray  # f64[C, C] P(noisy | clean) as drawn, NaN where the truth is unknown


class ProgramSpec(NamedTuple):
    """All that one program needs; its runs may come from several points of a sweep."""

    settings: Settings  # of its first point
    model: str
    train_spec: TrainSpec
    dataset: Dataset
    run_infos: list[RunInfo]
    layout: Layout
    abstract_carry: EpochCarry  # shapes and dtypes of what a run carries between segments
    operations: int  # floating-point, of a run's epoch without evaluation

    @property
    def epochs(self) -> range:
        """The epochs that are trained."""
        return self.settings.epochs

    @property
    def preparing(self) -> int:
        """How many of these come before the networks start again."""
        return self.settings.preparing

    @property
    def runs(self) -> list[RunInputs]:
        """The arrays of each run."""
        return [run_info.run for run_info in self.run_infos]
