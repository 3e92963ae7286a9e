"""Metrics as TensorBoard event files: while a training is under way, or of a workdir.

python -m jnl.tensorboard WORKDIR

Writes WORKDIR/tensorboard/run-0, run-1, ..., scalars only; then `tensorboard --logdir WORKDIR/tensorboard`. With
`--config.tensorboard=True` a training does so itself, epoch after epoch. Needs tensorboardX, which jnl itself does not:
pip install tensorboardX.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jnl import scalars
from jnl.errors import UserError
from jnl.registry import Json

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter


class Events(ExitStack):
    """The event files of all runs of a workdir, in place of those that are there.

    A training that goes on tells again what it has saved, so every epoch is in them once.
    """

    def __init__(self, workdir: str | os.PathLike[str]) -> None:
        """Removes nothing before the first row of a run.

        Raises:
          UserError: tensorboardX is not installed.
        """
        super().__init__()
        self.folder = Path(workdir) / "tensorboard"
        self._make, self._writers = _installed(), dict[int, "SummaryWriter"]()

    def append(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Adds rows as those of `metrics.jsonl`, on disk when this returns.

        Raises:
          UserError: they cannot be written.
        """
        for row in rows:
            run = cast(int, row["run"])
            self.write(run, cast(int, row["epoch"]), scalars.numbers(row))
        for writer in self._writers.values():
            writer.flush()

    def write(self, run: int, epoch: int, values: Mapping[str, float]) -> None:
        """Adds the numbers of one epoch of a run."""
        own = self.folder / f"run-{run}"
        try:
            if run not in self._writers:
                for old in own.glob("events.out.tfevents.*"):
                    old.unlink()
                self._writers[run] = self.enter_context(self._make(str(own)))
            for tag, value in values.items():
                self._writers[run].add_scalar(tag, value, epoch)
        except OSError as error:
            raise UserError(f"workdir: cannot write {error.filename or own} ({error.strerror})") from error


def _installed() -> "Callable[[str], SummaryWriter]":
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise UserError("tensorboard: needs tensorboardX; pip install tensorboardX") from error
    return SummaryWriter


def mirror(workdir: str | os.PathLike[str]) -> Path:
    """Writes a folder of events for each run, in place of those of an earlier call: -> the folder of all.

    Raises:
      UserError: tensorboardX is not installed, or the workdir cannot be read or written.
    """
    with Events(workdir) as events:
        for run in scalars.read(workdir):
            for epoch, values in run.epochs.items():
                events.write(run.number, epoch, values)
    return events.folder


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 for what the user can put right."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if set(arguments) & {"-h", "--help"} else 2
    try:
        print(mirror(arguments[0]))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
