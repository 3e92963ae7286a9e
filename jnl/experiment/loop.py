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
from jnl.results.progress import Progress
from jnl.results.records import ProgramSummary

Measured = dict[str, np.ndarray]
OnEpochEnd = Callable[[int, Measured, float], None]  # (epoch, metrics [S] or [S, ...], its seconds)
_CURVES = "curves"  # where their names start


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


def train_program(
    title: str,
    make: Callable[[int], MultiRunProgram],
    abstract_carry: EpochCarry,
    epochs: range,
    policy: CheckpointPolicy | None,
    on_epoch_end: OnEpochEnd,
    preparing: int = 0,
) -> TrainingRecord:
    """Train `epochs`, starting from what was saved. End early if all runs have failed.

    Args:
      title: shown with the progress.
      make: compiles the program, called with the number of segments of an epoch (0: as planned) if epochs are left.
      abstract_carry: shapes and dtypes of what one run carries from segment to segment.
      epochs: which epochs to train.
      policy: where and when to save; None saves nothing.
      on_epoch_end: called for each epoch, first for those that were trained before.
      preparing: how many epochs come before the networks start again; these do not end early.

    Returns:
      The whole training.

    Raises:
      Stopped: a signal came, and all is saved.
      UserError: it cannot be saved.
    """
    with CheckpointManager(policy) as store:
        now = store.newest(abstract_carry) or TrainingRecord(epochs.start, 0)
        for epoch, measured, seconds in zip(epochs, now.curves, now.epoch_seconds, strict=False):
            on_epoch_end(epoch, measured, seconds)
        if now.program is not None:
            return now
        begun = time.perf_counter()
        program = make(now.segments)
        now = now._replace(seconds=now.seconds + time.perf_counter() - begun, segments=program.segments)
        with Progress(title, len(epochs), len(now.curves), program.steps) as progress, Interrupts(store.saves) as heard:
            last = time.perf_counter()
            for cursor in program.train(_begin(program, now)):
                clock = time.perf_counter()
                now, last = _later(now, cursor, clock - last), clock
                if cursor.measured is not None:
                    on_epoch_end(cursor.epoch - 1, cursor.measured, now.epoch_seconds[-1])
                    progress.epoch(cursor.measured, now.epoch_seconds[-1])
                failed = len(now.curves) > preparing and not np.isfinite(now.curves[-1]["train_loss"]).any()
                over, signal = cursor.epoch not in epochs or failed, devices.highest(heard.number)
                if over:
                    now = now._replace(program=_described(program))
                if store.due(cursor.epoch) or over or signal:
                    now = now._replace(carry=program.gather(cursor))
                    store.save(now, cursor.epoch * program.segments + cursor.segment)
                if over or signal:
                    store.wait()
                    signal = devices.highest(heard.number)  # it may have come meanwhile
                if signal:
                    raise Stopped(signal, _where(cursor, program.segments))
                if over:
                    return now
    raise AssertionError("a program trains on and on")


def _begin(program: MultiRunProgram, now: TrainingRecord) -> Callable[[], Cursor]:
    if now.carry is None:
        return partial(program.start, now.epoch)
    return partial(program.resume, now.epoch, now.segment, now.carry)


def _later(now: TrainingRecord, cursor: Cursor, seconds: float) -> TrainingRecord:
    """What is known so many seconds later."""
    spent, all_seconds = now.under_way + seconds, now.seconds + seconds
    # What was carried is out of date, and large.
    now = now._replace(epoch=cursor.epoch, segment=cursor.segment, carry=None, under_way=spent, seconds=all_seconds)
    if cursor.measured is None:
        return now
    curves, epoch_seconds = (*now.curves, cursor.measured), (*now.epoch_seconds, spent)
    return now._replace(curves=curves, epoch_seconds=epoch_seconds, under_way=0.0)


def _where(cursor: Cursor, segments: int) -> str:
    where = f"in epoch {cursor.epoch}, {cursor.segment} of its {segments} segments are trained"
    if not cursor.segment:
        where = f"after epoch {cursor.epoch - 1}"
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
