"""The metrics of a workdir as TensorBoard event files.

python -m jnl.tensorboard WORKDIR

Writes WORKDIR/tensorboard/run-0, run-1, ..., scalars only; then `tensorboard --logdir WORKDIR/tensorboard`. Needs
tensorboardX, which jnl itself does not: pip install tensorboardX.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from jnl import scalars
from jnl.errors import UserError


def mirror(workdir: str | os.PathLike[str]) -> Path:
    """Writes a folder of events for each run, in place of those of an earlier call: -> the folder of all.

    Raises:
      UserError: tensorboardX is not installed, or the workdir cannot be read or written.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise UserError("tensorboard: needs tensorboardX; pip install tensorboardX") from error
    folder = Path(workdir) / "tensorboard"
    for run in scalars.read(workdir):
        own = folder / f"run-{run.number}"
        try:
            for old in own.glob("events.out.tfevents.*"):
                old.unlink()
            with SummaryWriter(str(own)) as writer:
                for epoch, values in run.epochs.items():
                    for tag, value in values.items():
                        writer.add_scalar(tag, value, epoch)
        except OSError as error:
            raise UserError(f"workdir: cannot write {error.filename or own} ({error.strerror})") from error
    return folder


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
