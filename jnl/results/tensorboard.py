"""Write metrics as TensorBoard event files, during a training or from a workdir. This needs tensorboardX."""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jnl.results import scalars
from jnl.results.files import TENSORBOARD
from jnl.support.errors import UserError
from jnl.support.json_values import Json, as_integer

if TYPE_CHECKING:
    from tensorboardX.record_writer import RecordWriter


class Events(ExitStack):
    """The event files of all runs of a workdir. They replace the old event files of these runs.

    A resumed training writes its saved epochs again, so the files contain every epoch once. Records are written at
    once, because the writer of the package uses a thread, and errors in that thread are lost.
    """

    def __init__(self, workdir: str | os.PathLike[str]) -> None:
        """Prepare the folder. The old files of a run are removed when its first row is written.

        Raises:
          UserError: if tensorboardX is not installed.
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
        """Add rows of the form of `metrics.jsonl`. They are on disk when this method returns.

        Raises:
          UserError: if the rows cannot be written.
        """
        for row in rows:
            self.write(as_integer(row["run"]), {as_integer(row["epoch"]): scalars.numbers(row)})

    def write(self, run: int, epochs: Mapping[int, Mapping[str, float]]) -> None:
        """Add the numbers of some epochs of a run. They are on disk when this method returns.

        Args:
          run: number of the run.
          epochs: epoch -> tag -> value.

        Raises:
          UserError: if the numbers cannot be written.
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
        """Remove the old event files of a run and return a new one."""
        own.mkdir(parents=True, exist_ok=True)
        for old in own.glob("events.out.tfevents.*"):
            old.unlink()
        file = self._files[run] = self._open(str(own / f"events.out.tfevents.{time.time():.0f}.jnl"))
        self.callback(_close, file)
        file.write(self._event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        return file


def _close(file: "RecordWriter") -> None:
    with suppress(OSError):  # an earlier write has raised this error already
        file.close()


def mirror(workdir: str | os.PathLike[str]) -> Path:
    """Write the event files of each run, in place of older ones, and return the folder of all runs.

    Raises:
      UserError: if tensorboardX is not installed, or the workdir cannot be read or written.
    """
    with Events(workdir) as events:
        for run in scalars.read(workdir):
            events.write(run.number, run.epochs)
    return events.folder
