"""The state of a training, and when and where it is saved."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import jax
import numpy as np

from jnl.core.train_state import network_params
from jnl.experiment.selected_weights import SelectedWeights
from jnl.parallel import devices
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.results.checkpoint import SELECTED, Checkpoint, Checkpoints, named_arrays
from jnl.results.summary_file import ProgramSummary

Measured = dict[str, np.ndarray]  # name of a metric -> its values in one epoch, [S] or [S, ...]
Filled = TypeVar("Filled")
_CURVES = "curves"  # the names of the curves in a checkpoint start with it


class TrainingRecord(NamedTuple):
    """The state of a training: how far it has come and what it has measured."""

    epoch: int  # the epoch that is being trained, or the next epoch
    segment: int  # the next segment of this epoch
    # What all runs carry, on the host, every leaf [S, ...]. None before training, and when it is out of date.
    carry: EpochCarry | None = None
    curves: tuple[Measured, ...] = ()  # metrics of each finished epoch
    epoch_seconds: tuple[float, ...] = ()  # duration of each finished epoch
    under_way: float = 0.0  # seconds spent so far in the epoch that is being trained
    seconds: float = 0.0  # total of all processes that took part one after the other
    segments: int = 0  # number of segments of each epoch; 0 means the planned number
    program: ProgramSummary | None = None  # set when the training is over
    selected: SelectedWeights | None = None  # weights of the epochs that a rule has chosen


class CheckpointPolicy(NamedTuple):
    """Where and when a training is saved."""

    folder: Path
    every_epochs: int
    every_minutes: float
    keep: int

    def inside(self, name: str) -> "CheckpointPolicy":
        """Return the same policy for the folder `name` inside this folder."""
        return self._replace(folder=self.folder / name)


class CheckpointManager:
    """The checkpoints of a training. Without a policy, nothing is saved.

    Only the main process has files. All processes raise its errors, so that none of them waits for another.
    """

    def __init__(self, policy: CheckpointPolicy | None, first: int) -> None:
        """Open the folder of the policy. `first` is the first epoch of a training without checkpoints."""
        self._saving = policy
        self._files = devices.on_main(lambda: Checkpoints(policy.folder, policy.keep)) if policy else None
        self._epoch, self._clock = first, time.perf_counter()  # epoch and time of the last save, or of the start

    @property
    def saves(self) -> bool:
        """Whether checkpoints are saved."""
        return self._saving is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._files is not None:
            self._files.close()

    def due(self, epoch: int) -> bool:
        """Return whether it is time to save before `epoch` or in the middle of it."""
        if self._saving is None:
            return False
        minutes = (time.perf_counter() - self._clock) / 60
        due = epoch - self._epoch >= self._saving.every_epochs or minutes >= self._saving.every_minutes
        return bool(devices.highest(due))

    def save(self, trained: TrainingRecord, number: int) -> None:
        """Begin to save a training as the checkpoint with this number. Later checkpoints have higher numbers."""
        self._epoch, self._clock = trained.epoch, time.perf_counter()
        arrays = dict(named_arrays(trained.carry))
        if trained.selected is not None:
            arrays |= dict(named_arrays(trained.selected, SELECTED))
        for name in trained.curves[0] if trained.curves else ():
            arrays[f"{_CURVES}/{name}"] = np.stack([measured[name] for measured in trained.curves])
        checkpoint = Checkpoint(arrays, trained._replace(carry=None, curves=(), selected=None)._asdict())
        self._do(lambda files: files.save(number, checkpoint))

    def wait(self) -> None:
        """Wait until everything is on disk."""
        self._do(lambda files: files.wait())

    def _do(self, work: Callable[[Checkpoints], None]) -> None:
        """Call `work` with the checkpoints in the main process. All processes raise its errors."""
        files = self._files
        if self.saves:
            devices.on_main(lambda: work(files) if files else None)

    def newest(self, abstract_carry: EpochCarry) -> TrainingRecord | None:
        """Return the newest checkpoint, or None if there is none. `abstract_carry` has the structure of the carry."""
        files = self._files
        found = devices.on_main(lambda: files.newest() if files else None) if self.saves else None
        if jax.process_count() > 1 and self.saves:
            packed = devices.share(b"" if found is None else found.pack())
            found = Checkpoint.unpack(packed) if packed else None
        if found is None:
            return None
        states = abstract_carry.states
        selected = SelectedWeights(np.zeros(1, np.int64), network_params(states.params), states.batch_stats)
        start = f"{_CURVES}/"
        curves = {name.removeprefix(start): curve for name, curve in found.arrays.items() if name.startswith(start)}
        trained = TrainingRecord(**found.record)  # type: ignore[arg-type]
        self._epoch = trained.epoch
        return trained._replace(
            carry=_filled(abstract_carry, found.arrays),
            selected=_filled(selected, found.arrays, SELECTED) if f"{SELECTED}epochs" in found.arrays else None,
            curves=tuple(
                {name: curve[epoch] for name, curve in curves.items()} for epoch in range(len(trained.epoch_seconds))
            ),
            epoch_seconds=tuple(trained.epoch_seconds),
        )


def _filled(tree: Filled, arrays: Mapping[str, np.ndarray], start: str = "") -> Filled:
    """Return a tree of the same structure with the arrays that have the names of its leaves."""
    return jax.tree.unflatten(jax.tree.structure(tree), [arrays[name] for name, _ in named_arrays(tree, start)])
