"""Handling of Ctrl-C (SIGINT) and SIGTERM: a training saves its results before it ends."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Self

BROKEN_PIPE = 13  # the number of SIGPIPE, for which Python raises BrokenPipeError

Handler = Callable[[int, FrameType | None], object] | int | None


def take_back_sigterm() -> None:
    """Give SIGTERM the handler again that Python knows, after code that is not Python has replaced it."""
    handler = signal.getsignal(signal.SIGTERM)
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


class Stopped(KeyboardInterrupt):
    """The exception after a signal, or the limit of `config.minutes`, has ended a training.

    All results are on disk, and the same call continues the training. `exit_code` is the code with which a command
    ends: 128 + the number of the signal, 141 if nothing reads the output any more, and 75 after the limit.
    """

    def __init__(self, number: int, where: str) -> None:
        super().__init__(f"{signal.Signals(number).name}: {where}")
        self.number = number
        self.exit_code = 128 + number  # as a shell has it


class OutOfTime(Stopped):
    """The exception after the minutes of a training are over. All its results are on disk."""

    def __init__(self, where: str) -> None:
        KeyboardInterrupt.__init__(self, f"config.minutes: {where}")
        self.exit_code = 75  # EX_TEMPFAIL: the same command, later, goes on


class Interrupts:
    """A context manager that records the first SIGINT or SIGTERM; a second one has its usual effect.

    It records nothing if `listens` is False, or outside the main thread.
    """

    _HEARD = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, listens: bool) -> None:
        self.number = 0  # number of the signal that was received
        # Python allows only the main thread to set signal handlers.
        self._listens = listens and threading.current_thread() is threading.main_thread()
        self._before: dict[int, Handler] = {}

    def __enter__(self) -> Self:
        for number in self._HEARD if self._listens else ():
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None):  # for example, nohup ignores signals
                self._before[number] = before
                signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Record the signal, restore the earlier handlers and tell the user."""
        self.number = number
        self._restore()
        if sys.stderr is None:  # it was closed at the start, so another file may have its number
            return
        # The reader of stderr may be gone, hence `suppress`; the signal may interrupt a `print`, hence `os.write`.
        with suppress(OSError):
            os.write(
                2,
                f"{signal.Signals(number).name}: jnl saves, then stops; repeat the signal to stop at once\n".encode(),
            )

    def _restore(self) -> None:
        """Set the handlers from before the block again."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
