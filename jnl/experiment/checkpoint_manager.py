"""How far a training has come, and when and where that is saved."""

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

Measured = dict[str, np.ndarray]  # metric -> [S] or [S, ...], of one epoch
_CURVES = "curves"  # the names of the curves in a checkpoint start with it


class TrainingRecord(NamedTuple):
    """How far a training has come."""

    epoch: int  # under way, or the next
    segment: int  # of it, the next
    carry: EpochCarry | None = None  # of all runs, on the host, every leaf [S, ...]; None: nothing has been trained
    curves: tuple[Measured, ...] = ()  # of the epochs that are over
    epoch_seconds: tuple[float, ...] = ()  # of each
    under_way: float = 0.0  # seconds spent in the epoch under way
    seconds: float = 0.0  # in all, of all processes that took part one after the other
    segments: int = 0  # of each epoch; 0: as planned
    program: ProgramSummary | None = None  # once the training is over


class CheckpointPolicy(NamedTuple):
    """Where and when a training is saved."""

    folder: Path
    every_epochs: int
    every_minutes: float
    keep: int

    def inside(self, name: str) -> "CheckpointPolicy":
        """The same in a folder inside."""
        return self._replace(folder=self.folder / name)


class CheckpointManager:
    """The checkpoints of a training; it may also save nothing.

    The main process alone has files; what goes wrong with them is told in all, so that none waits for another.
    """

    def __init__(self, policy: CheckpointPolicy | None) -> None:
        self._saving = policy
        self._files = devices.on_main(lambda: Checkpoints(policy.folder, policy.keep)) if policy else None
        self._epoch, self._clock = -1, time.perf_counter()  # of what was saved last

    @property
    def saves(self) -> bool:
        """Whether there is a place for it."""
        return self._saving is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._files is not None:
            self._files.close()

    def due(self, epoch: int) -> bool:
        """Whether it is time to save before `epoch`, or in it."""
        if self._saving is None:
            return False
        if self._epoch < 0:
            self._epoch = epoch - 1  # the first one that is trained here has just begun or ended
        minutes = (time.perf_counter() - self._clock) / 60
        due = epoch - self._epoch >= self._saving.every_epochs or minutes >= self._saving.every_minutes
        return bool(devices.highest(due))

    def save(self, trained: TrainingRecord, number: int) -> None:
        """Begins to save."""
        self._epoch, self._clock = trained.epoch, time.perf_counter()
        arrays = dict(_named(trained.carry))
        for name in trained.curves[0] if trained.curves else ():
            arrays[f"{_CURVES}/{name}"] = np.stack([measured[name] for measured in trained.curves])
        checkpoint = Checkpoint(arrays, trained._replace(carry=None, curves=())._asdict())
        self._do(lambda files: files.save(number, checkpoint))

    def wait(self) -> None:
        """Returns when all is on disk."""
        self._do(lambda files: files.wait())

    def _do(self, work: Callable[[Checkpoints], None]) -> None:
        files = self._files
        if self.saves:
            devices.on_main(lambda: work(files) if files else None)

    def newest(self, abstract_carry: EpochCarry) -> TrainingRecord | None:
        """What was saved last, if anything."""
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
    """The leaves, with the names of the fields that lead to them."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(carry)
    return [(jax.tree_util.keystr(path, simple=True, separator="/"), leaf) for path, leaf in leaves]
