"""The state of a training, and when and where it is saved."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

import jax
import numpy as np

from jnl.parallel import devices
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.results.checkpoint import Checkpoint, Checkpoints
from jnl.results.records import ProgramSummary

Measured = dict[str, np.ndarray]  # name of a metric -> its values in one epoch, [S] or [S, ...]
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

    def __init__(self, policy: CheckpointPolicy | None) -> None:
        self._saving = policy
        self._files = devices.on_main(lambda: Checkpoints(policy.folder, policy.keep)) if policy else None
        self._epoch, self._clock = -1, time.perf_counter()  # epoch and time of the last save

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
        if self._epoch < 0:
            self._epoch = epoch - 1  # the first epoch of this process has just begun or ended
        minutes = (time.perf_counter() - self._clock) / 60
        due = epoch - self._epoch >= self._saving.every_epochs or minutes >= self._saving.every_minutes
        return bool(devices.highest(due))

    def save(self, trained: TrainingRecord, number: int) -> None:
        """Begin to save a training as the checkpoint with this number. Later checkpoints have higher numbers."""
        self._epoch, self._clock = trained.epoch, time.perf_counter()
        arrays = dict(_named(trained.carry))
        for name in trained.curves[0] if trained.curves else ():
            arrays[f"{_CURVES}/{name}"] = np.stack([measured[name] for measured in trained.curves])
        checkpoint = Checkpoint(arrays, trained._replace(carry=None, curves=())._asdict())
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
        names = [name for name, _ in _named(abstract_carry)]
        start = f"{_CURVES}/"
        curves = {name.removeprefix(start): curve for name, curve in found.arrays.items() if name.startswith(start)}
        trained = TrainingRecord(**found.record)  # type: ignore[arg-type]
        return trained._replace(
            carry=jax.tree.unflatten(jax.tree.structure(abstract_carry), [found.arrays[name] for name in names]),
            curves=tuple(
                {name: curve[epoch] for name, curve in curves.items()} for epoch in range(len(trained.epoch_seconds))
            ),
            epoch_seconds=tuple(trained.epoch_seconds),
        )


def _named(carry: EpochCarry | None) -> list[tuple[str, np.ndarray]]:
    """Return each leaf with the names of the fields that lead to it, such as `states/params/...`."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(carry)
    return [(jax.tree_util.keystr(path, simple=True, separator="/"), leaf) for path, leaf in leaves]
