"""Train one program to its end. A killed training resumes from its newest checkpoint."""

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from jnl.core.train_state import TrainState
from jnl.experiment.checkpoint_manager import CheckpointManager, CheckpointPolicy, Measured, TrainingRecord
from jnl.experiment.selected_weights import select
from jnl.parallel import devices, layout
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.multi_run import Cursor, MultiRunProgram
from jnl.results.progress import Progress
from jnl.results.summary_file import ProgramSummary
from jnl.support.signals import BROKEN_PIPE, Interrupts, OutOfTime, Stopped

# (epoch, metrics [S] or [S, ...], seconds of the epoch) -> whether the training stops here
OnEpochEnd = Callable[[int, Measured, float], bool]


def train_program(
    title: str,
    make: Callable[[int], MultiRunProgram],
    abstract_carry: EpochCarry,
    epochs: range,
    policy: CheckpointPolicy | None,
    on_epoch_end: OnEpochEnd,
    preparing: int = 0,
    rule: str = "last",
    deadline: float = math.inf,
    part: str = "",
) -> TrainingRecord:
    """Train `epochs`, starting from the newest checkpoint. End early if all runs have failed.

    Args:
      title: the title of the progress bar.
      make: compiles the program for a number of segments per epoch (0: as planned); not called if no epoch is left.
      abstract_carry: shapes and dtypes of what one run carries from segment to segment.
      epochs: the epochs to train.
      policy: where and when to save; None saves nothing.
      on_epoch_end: called after each epoch, and first for each epoch of the checkpoint. If it returns True, the
        training is saved and stops; the record then has an `epoch` that is still to be trained.
      preparing: number of epochs before the networks start again; the training does not end early in these.
      rule: `checkpoint.select`, the rule that chooses the epoch whose weights are kept.
      deadline: the value of `time.perf_counter` before which the training is saved and stops.
      part: which part of a larger training this is, such as `program 1 of 6`.

    Returns:
      The record of the whole training, including the epochs of the checkpoint.

    Raises:
      Stopped: if a signal came, nothing reads the output any more, or the next segment would end after the deadline.
        Everything is saved.
      UserError: if a checkpoint cannot be written or read.
    """
    with CheckpointManager(policy, epochs.start) as store:
        now = store.newest(abstract_carry) or TrainingRecord(epochs.start, 0)
        for epoch, measured, seconds in zip(epochs, now.curves, now.epoch_seconds, strict=False):
            on_epoch_end(epoch, measured, seconds)
        if now.program is not None and (now.epoch not in epochs or _failed(now, preparing)):
            return now
        now = now._replace(program=None)  # the config now asks for more epochs
        begun = time.perf_counter()
        if begun >= deadline:
            raise OutOfTime(_where(now, len(epochs), part))
        program = make(now.segments)
        now = now._replace(seconds=now.seconds + time.perf_counter() - begun, segments=program.segments)
        with Progress(title, len(epochs), _done(now), program.steps) as progress, Interrupts(store.saves) as heard:
            last = time.perf_counter()
            for cursor in program.train(_begin(program, now)):
                clock, asked = time.perf_counter(), False
                late = devices.highest(2 * clock - last > deadline)  # the next segment may take as long as this one
                now, last = _later(now, cursor, clock - last), clock
                if cursor.measured is not None:
                    now = _selected(now, rule, preparing, lambda: program.gather(cursor).states)  # noqa: B023
                    asked = on_epoch_end(cursor.epoch - 1, cursor.measured, now.epoch_seconds[-1])
                    try:
                        progress.epoch(cursor.measured, now.epoch_seconds[-1])
                    except BrokenPipeError:  # nothing reads the output any more
                        if not store.saves:
                            raise
                        heard.number = BROKEN_PIPE
                over, signal = cursor.epoch not in epochs or _failed(now, preparing), devices.highest(heard.number)
                stops = over or bool(devices.highest(asked))
                if over:
                    now = now._replace(program=_described(program))
                if store.due(cursor.epoch) or stops or signal or late:
                    now = now._replace(carry=program.gather(cursor))
                    store.save(now, cursor.epoch * program.segments + cursor.segment)
                if stops or signal or late:
                    store.wait()
                    signal = devices.highest(heard.number)  # a signal may have come during the wait
                if signal:
                    raise Stopped(signal, _where(now, len(epochs), part))
                if stops:
                    return now
                if late:
                    raise OutOfTime(_where(now, len(epochs), part))
    raise AssertionError("the program ended before its last epoch")


def _begin(program: MultiRunProgram, now: TrainingRecord) -> Callable[[], Cursor]:
    """Return a function that gives the first cursor: from the initial states, or from a checkpoint."""
    if now.carry is None:
        return partial(program.start, now.epoch)
    return partial(program.resume, now.epoch, now.segment, now.carry)


def _later(now: TrainingRecord, cursor: Cursor, seconds: float) -> TrainingRecord:
    """Return the record after one more segment, which took so many seconds."""
    spent, all_seconds = now.under_way + seconds, now.seconds + seconds
    # The old carry is out of date, and it is large.
    now = now._replace(epoch=cursor.epoch, segment=cursor.segment, carry=None, under_way=spent, seconds=all_seconds)
    if cursor.measured is None:
        return now
    curves, epoch_seconds = (*now.curves, cursor.measured), (*now.epoch_seconds, spent)
    return now._replace(curves=curves, epoch_seconds=epoch_seconds, under_way=0.0)


def _failed(now: TrainingRecord, preparing: int) -> bool:
    """Return whether all runs have failed."""
    return len(now.curves) > preparing and not np.isfinite(now.curves[-1]["train_loss"]).any()


def _selected(now: TrainingRecord, rule: str, preparing: int, states: Callable[[], TrainState]) -> TrainingRecord:
    """Return the record after an epoch with the weights that a rule selects."""
    if rule == "last":
        return now
    return now._replace(selected=select(rule, now.selected, now.epoch - 1, now.curves[preparing:], states))


def _done(now: TrainingRecord) -> float:
    """Return the number of finished epochs, with the finished share of the next one."""
    return len(now.curves) + now.segment / (now.segments or 1)


def _where(now: TrainingRecord, epochs: int, part: str) -> str:
    """Return the message about where a training of so many epochs stopped. It counts as the progress does."""
    after = f"{round(_done(now), 1):g} of {epochs} epochs" + (f" in {part}" if part else "")
    return f"stopped after {after}; everything is saved, and the same command continues from there"


def _described(program: MultiRunProgram) -> ProgramSummary:
    """Return the facts about a program for `summary.json`."""
    return ProgramSummary(
        runs=program.num_runs,
        runs_at_once=program.at_once,
        layout=layout.describe(program.layout),
        bytes_per_device=program.bytes,
        compilations=program.compilations,
        compile_seconds=round(program.compile_seconds, 3),
    )
