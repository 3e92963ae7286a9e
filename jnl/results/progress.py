"""The progress of a training: a bar in terminals and notebooks, and now and then a line elsewhere."""

import sys
import time
from collections.abc import Mapping
from typing import Self

import numpy as np
from tqdm.auto import tqdm

from jnl.parallel.devices import is_main
from jnl.support.errors import printable

_LEAST_SECONDS = 60.0  # between two lines
_LEAST_SHARE = 0.1  # of all epochs, between two lines
_SETTLED_SECONDS = 5.0  # before the first line, because the first epoch also prepares what later ones use


class Progress:
    """A progress bar over epochs, in terminals and notebooks.

    Elsewhere, as in the log of a batch job, a line is printed once a minute or after a tenth of the epochs, whichever
    is rarer. If more than a minute is left after the first epochs, a line says so at once.
    """

    def __init__(self, title: str, epochs: int, done: float, steps_per_epoch: int) -> None:
        hidden = None  # unless the output is a terminal
        if not is_main() or sys.stderr is None:  # as in a process that was started with `2>&-`
            hidden = True
        elif _in_notebook():  # its output is no terminal, but shows a bar
            hidden = False
        self.bar = tqdm(
            total=epochs, initial=int(done), desc=printable(title), unit="epoch", disable=hidden, dynamic_ncols=True
        )
        self.steps_per_epoch = steps_per_epoch
        self._title, self._epochs, self._first, self._now = printable(title), epochs, done, int(done)
        self._prints = self.bar.disable and is_main()
        self._begin = time.monotonic()
        self._line_at, self._line_of = self._begin, self._now  # when the last line was printed, and after which epoch
        if done and is_main():
            _write(f"{self._title}: continues after {round(done, 1):g} of {epochs} epochs")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.close()

    def step(self) -> None:
        """Show that an epoch without metrics has finished."""
        self._finished("")

    def epoch(self, measured: Mapping[str, np.ndarray], seconds: float) -> None:
        """Show the result of a finished epoch.

        Args:
          measured: the metrics of the epoch, with `test_accuracy` or `validation_accuracy` f[S, K].
          seconds: duration of the epoch.
        """
        what = "test" if "test_accuracy" in measured else "validation"
        per_run = 100 * measured[f"{what}_accuracy"].mean(1)
        per_run = per_run[np.isfinite(per_run)]  # only runs that have not failed
        steps = self.steps_per_epoch / seconds
        result = f"{what} {per_run.mean():.2f} ± {per_run.std():.2f} %" if len(per_run) else "all runs have failed"
        self.bar.set_postfix_str(f"{result}, {steps:,.0f} steps/s", refresh=False)
        self._finished(f"{result}, ")

    def _finished(self, result: str) -> None:
        """Count an epoch, and print a line if it is time for one."""
        self.bar.update()
        self._now += 1
        now, left = time.monotonic(), self._epochs - self._now
        seconds = (now - self._begin) / (self._now - self._first) * left
        rare = now - self._line_at >= _LEAST_SECONDS and self._now - self._line_of >= _LEAST_SHARE * self._epochs
        none_yet = self._line_of == int(self._first) and now - self._begin >= _SETTLED_SECONDS
        if self._prints and left > 0 and (rare or (none_yet and seconds >= _LEAST_SECONDS)):
            _write(f"{self._title}: epoch {self._now} of {self._epochs}, {result}about {duration(seconds)} left")
            self._line_at, self._line_of = now, self._now


def _write(line: str) -> None:
    """Write a line on stderr. Write nothing if stderr is closed or its disk is full, so that the training continues.

    Raises:
      BrokenPipeError: if nothing reads stderr any more.
    """
    try:
        if sys.stderr is not None:
            tqdm.write(line, file=sys.stderr)
            sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError:
        return


def duration(seconds: float) -> str:
    """Return a duration in the unit in which it is a small number.

    >>> duration(0.2), duration(45), duration(3600), duration(10800)
    ('1 second', '45 seconds', '60 minutes', '3 hours')
    """
    if seconds < 120:
        return f"{seconds:.0f} seconds" if seconds >= 1.5 else "1 second"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook, and has not only imported such a package."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None
