"""Ctrl-C and SIGTERM as something to come to an end by, not to die of."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Self

Handler = Callable[[int, FrameType | None], object] | int | None


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
        self._listens = listens and threading.current_thread() is threading.main_thread()
        self._before: dict[int, Handler] = {}

    def __enter__(self) -> Self:
        for number in self._HEARD if self._listens else ():
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None):  # as under nohup
                self._before[number] = before
                signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self._restore()
        with suppress(OSError):  # nobody may read it any more; and no `print`, which may be under way itself
            os.write(2, f"{signal.Signals(number).name}: finishing and saving; again to end at once\n".encode())

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
