"""The training of one program, from where it stands to its end: killed at any moment, it goes on from what it saved."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

import jax
import numpy as np

from jnl.core.signals import Interrupts, Stopped
from jnl.parallel import devices, layout
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.multi_run import Cursor, MultiRunProgram
from jnl.results.checkpoint import Checkpoint, Checkpoints
from jnl.results.writers import ProgramSummary, Progress

Measured = dict[str, np.ndarray]
Tell = Callable[[int, Measured, float], None]  # (epoch, metrics [S] or [S, ...], its seconds)
_CURVES = "curves"  # where their names start


class TrainingRecord(NamedTuple):
    """How far a training has come."""

    epoch: int  # under way, or the next
    piece: int  # of it, the next
    carried: EpochCarry | None = None  # of all runs, on the host, every leaf [S, ...]; None: nothing has been trained
    curves: tuple[Measured, ...] = ()  # of the epochs that are over
    epoch_seconds: tuple[float, ...] = ()  # of each
    under_way: float = 0.0  # seconds spent in the epoch under way
    seconds: float = 0.0  # in all, of all processes that took part one after the other
    pieces: int = 0  # of each epoch; 0: as planned
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


def train_program(
    title: str,
    make: Callable[[int], MultiRunProgram],
    like: EpochCarry,
    epochs: range,
    saving: CheckpointPolicy | None,
    tell: Tell,
    preparing: int = 0,
) -> TrainingRecord:
    """Trains `epochs` and tells of each, those first that are on disk; ends early if all runs have failed.

    The program is made if there is something to train, with the pieces to an epoch that it has been cut into so far, if
    it has; `like` has the form of what one of its runs carries. The epochs that are `preparing` are all trained.

    Raises:
      Stopped: a signal came, and all is saved.
      UserError: it cannot be saved.
    """
    with CheckpointManager(saving) as store:
        now = store.newest(like) or TrainingRecord(epochs.start, 0)
        for epoch, measured, seconds in zip(epochs, now.curves, now.epoch_seconds, strict=False):
            tell(epoch, measured, seconds)
        if now.program is not None:
            return now
        begun = time.perf_counter()
        program = make(now.pieces)
        now = now._replace(seconds=now.seconds + time.perf_counter() - begun, pieces=program.pieces)
        with Progress(title, len(epochs), len(now.curves), program.steps) as progress, Interrupts(store.saves) as heard:
            last = time.perf_counter()
            for standing in program.train(_begin(program, now)):
                clock = time.perf_counter()
                now, last = _later(now, standing, clock - last), clock
                if standing.measured is not None:
                    tell(standing.epoch - 1, standing.measured, now.epoch_seconds[-1])
                    progress.epoch(standing.measured, now.epoch_seconds[-1])
                failed = len(now.curves) > preparing and not np.isfinite(now.curves[-1]["train_loss"]).any()
                over, signal = standing.epoch not in epochs or failed, devices.highest(heard.number)
                if over:
                    now = now._replace(program=_described(program))
                if store.due(standing.epoch) or over or signal:
                    now = now._replace(carried=program.gather(standing))
                    store.save(now, standing.epoch * program.pieces + standing.piece)
                if over or signal:
                    store.wait()
                    signal = devices.highest(heard.number)  # it may have come meanwhile
                if signal:
                    raise Stopped(signal, _where(standing, program.pieces))
                if over:
                    return now
    raise AssertionError("a program trains on and on")


def _begin(program: MultiRunProgram, now: TrainingRecord) -> Callable[[], Cursor]:
    if now.carried is None:
        return partial(program.start, now.epoch)
    return partial(program.resume, now.epoch, now.piece, now.carried)


def _later(now: TrainingRecord, standing: Cursor, seconds: float) -> TrainingRecord:
    """What is known so many seconds later."""
    spent, all_seconds = now.under_way + seconds, now.seconds + seconds
    # What was carried is out of date, and large.
    now = now._replace(epoch=standing.epoch, piece=standing.piece, carried=None, under_way=spent, seconds=all_seconds)
    if standing.measured is None:
        return now
    curves, epoch_seconds = (*now.curves, standing.measured), (*now.epoch_seconds, spent)
    return now._replace(curves=curves, epoch_seconds=epoch_seconds, under_way=0.0)


def _where(standing: Cursor, pieces: int) -> str:
    where = f"in epoch {standing.epoch}, {standing.piece} of its {pieces} pieces are trained"
    if not standing.piece:
        where = f"after epoch {standing.epoch - 1}"
    return f"stopped {where}; all is saved, and the same command goes on from there"


def _described(program: MultiRunProgram) -> ProgramSummary:
    return ProgramSummary(
        runs=program.num_runs,
        runs_at_once=program.at_once,
        layout=layout.describe(program.layout),
        bytes_per_device=program.bytes,
        compilations=program.compilations,
        compile_seconds=round(program.compile_seconds, 3),
    )


class CheckpointManager:
    """The checkpoints of a training; it may also save nothing.

    The main process alone has files; what goes wrong with them is told in all, so that none waits for another.
    """

    def __init__(self, saving: CheckpointPolicy | None) -> None:
        self._saving = saving
        self._files = devices.on_main(lambda: Checkpoints(saving.folder, saving.keep)) if saving else None
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
        arrays = dict(_named(trained.carried))
        for name in trained.curves[0] if trained.curves else ():
            arrays[f"{_CURVES}/{name}"] = np.stack([measured[name] for measured in trained.curves])
        checkpoint = Checkpoint(arrays, trained._replace(carried=None, curves=())._asdict())
        self._do(lambda files: files.save(number, checkpoint))

    def wait(self) -> None:
        """Returns when all is on disk."""
        self._do(lambda files: files.wait())

    def _do(self, work: Callable[[Checkpoints], None]) -> None:
        files = self._files
        if self.saves:
            devices.on_main(lambda: work(files) if files else None)

    def newest(self, like: EpochCarry) -> TrainingRecord | None:
        """What was saved last, if anything."""
        files = self._files
        found = devices.on_main(lambda: files.newest() if files else None) if self.saves else None
        if jax.process_count() > 1 and self.saves:
            packed = devices.share(b"" if found is None else found.pack())
            found = Checkpoint.unpack(packed) if packed else None
        if found is None:
            return None
        names = [name for name, _ in _named(like)]
        start = f"{_CURVES}/"
        curves = {name.removeprefix(start): curve for name, curve in found.arrays.items() if name.startswith(start)}
        trained = TrainingRecord(**found.record)  # type: ignore[arg-type]
        return trained._replace(
            carried=jax.tree.unflatten(jax.tree.structure(like), [found.arrays[name] for name in names]),
            curves=tuple(
                {name: curve[epoch] for name, curve in curves.items()} for epoch in range(len(trained.epoch_seconds))
            ),
            epoch_seconds=tuple(trained.epoch_seconds),
        )


def _named(carried: EpochCarry | None) -> list[tuple[str, np.ndarray]]:
    """The leaves, with the names of the fields that lead to them."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(carried)
    return [(jax.tree_util.keystr(path, simple=True, separator="/"), leaf) for path, leaf in leaves]
