"""The training of one program, from where it stands to its end: killed at any moment, it goes on from what it saved."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from jnl.core.signals import Interrupts, Stopped
from jnl.experiment.checkpoint_manager import CheckpointManager, CheckpointPolicy, Measured, TrainingRecord
from jnl.parallel import devices, layout
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.multi_run import Cursor, MultiRunProgram
from jnl.results.progress import Progress
from jnl.results.records import ProgramSummary

OnEpochEnd = Callable[[int, Measured, float], None]  # (epoch, metrics [S] or [S, ...], its seconds)


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
