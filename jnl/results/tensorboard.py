"""Metrics as TensorBoard event files: while a training is under way, or of a workdir.

python -m jnl.results.tensorboard WORKDIR

Writes WORKDIR/tensorboard/run-0, run-1, ..., scalars only; then `tensorboard --logdir WORKDIR/tensorboard`. With
`--config.tensorboard=True` a training does so itself, epoch after epoch. Needs tensorboardX, which jnl itself does not:
pip install tensorboardX.
"""

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jnl.core.errors import UserError, exit_code
from jnl.core.json_values import Json, as_integer
from jnl.results import scalars
from jnl.results.files import TENSORBOARD

if TYPE_CHECKING:
    from tensorboardX.record_writer import RecordWriter


class Events(ExitStack):
    """The event files of all runs of a workdir, in place of those that are there.

    A training that goes on tells again what it has saved, so every epoch is in them once. Records are written here and
    now: the package's own writer does so in a thread, whose errors nobody hears.
    """

    def __init__(self, workdir: str | os.PathLike[str]) -> None:
        """Removes nothing before the first row of a run.

        Raises:
          UserError: tensorboardX is not installed.
        """
        super().__init__()
        try:
            from tensorboardX import record_writer
            from tensorboardX.proto import event_pb2, summary_pb2
        except ImportError as error:
            raise UserError("tensorboard: needs tensorboardX; pip install tensorboardX") from error
        self.folder, self._files = Path(workdir) / TENSORBOARD, dict[int, "RecordWriter"]()
        self._open, self._event, self._summary = record_writer.RecordWriter, event_pb2.Event, summary_pb2.Summary

    def append(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Adds rows as those of `metrics.jsonl`, on disk when this returns.

        Raises:
          UserError: they cannot be written.
        """
        for row in rows:
            self.write(as_integer(row["run"]), {as_integer(row["epoch"]): scalars.numbers(row)})

    def write(self, run: int, epochs: Mapping[int, Mapping[str, float]]) -> None:
        """Adds the numbers of some epochs of a run, on disk when this returns.

        Raises:
          UserError: they cannot be written.
        """
        own = self.folder / f"run-{run}"
        try:
            file = self._files.get(run) or self._begin(run, own)
            for epoch, values in epochs.items():
                told = [self._summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
                event = self._event(wall_time=time.time(), step=epoch, summary=self._summary(value=told))
                file.write(event.SerializeToString())
            file.flush()
        except OSError as error:
            raise UserError(f"workdir: cannot write {error.filename or own} ({error.strerror})") from error

    def _begin(self, run: int, own: Path) -> "RecordWriter":
        own.mkdir(parents=True, exist_ok=True)
        for old in own.glob("events.out.tfevents.*"):
            old.unlink()
        file = self._files[run] = self._open(str(own / f"events.out.tfevents.{time.time():.0f}.jnl"))
        self.callback(_close, file)
        file.write(self._event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        return file


def _close(file: "RecordWriter") -> None:
    with suppress(OSError):  # of what could not be written, which was told
        file.close()


def mirror(workdir: str | os.PathLike[str]) -> Path:
    """Writes a folder of events for each run, in place of those of an earlier call: -> the folder of all.

    Raises:
      UserError: tensorboardX is not installed, or the workdir cannot be read or written.
    """
    with Events(workdir) as events:
        for run in scalars.read(workdir):
            events.write(run.number, run.epochs)
    return events.folder


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 for what the user can put right."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if set(arguments) & {"-h", "--help"} else 2
    return exit_code(lambda: mirror(arguments[0]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
