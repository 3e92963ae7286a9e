"""Ctrl-C and SIGTERM as something to come to an end by, not to die of."""

import signal
import sys
import threading
from types import FrameType
from typing import Self


class Stopped(KeyboardInterrupt):
    """A training that came to an end because of a signal, with all that it had done on disk."""

    def __init__(self, number: int, where: str) -> None:
        super().__init__(f"{signal.Signals(number).name}: {where}")
        self.number = number


class Interrupts:
    """While it is entered, a first SIGINT or SIGTERM is only noted; a second one does what it does otherwise.

    Unless it `listens` nothing is noted.
    """

    _HEARD = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, listens: bool) -> None:
        self.number = 0  # of the signal that came
        # Only the main thread may listen.
        self._heard = self._HEARD if listens and threading.current_thread() is threading.main_thread() else ()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in self._heard}
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self._restore()
        print(f"{signal.Signals(number).name}: finishing and saving; again to end at once", file=sys.stderr, flush=True)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
