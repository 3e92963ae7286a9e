"""A training that kills its own process: `python tests/helpers/dying.py PLACE ...`, then the arguments of train.py.

PLACE is a number of segments, after which SIGKILL comes, or the file operation before which it comes: the name of its
audit event in Python and a pattern of the path, such as `os.rename */5.part`.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch

from jnl import cli
from jnl.parallel.multi_run import Cursor, MultiRunProgram


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(segments: int) -> None:
    """Kills this process when so many segments are trained and the next one begins, the save of the last under way."""
    trained = MultiRunProgram.train

    def train_some(self: MultiRunProgram, begin: Callable[[], Cursor]) -> Iterator[Cursor]:
        for number, cursor in enumerate(trained(self, begin), 1):
            yield cursor
            if number == segments:
                die()

    MultiRunProgram.train = train_some


def die_before(operation: str, pattern: str) -> None:
    """Kills this process before the first operation of this name on such a path."""

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event == operation and fnmatch(str(arguments[0]), pattern):
            die()

    sys.addaudithook(hear)


if __name__ == "__main__":
    _, place, *options = sys.argv
    if place.isdecimal():
        die_after(int(place))
    else:
        die_before(*place.split())
    sys.exit(cli.main(["train", *options]))
