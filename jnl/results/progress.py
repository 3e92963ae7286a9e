"""The progress bar of a training."""

import sys
from collections.abc import Mapping
from typing import Self

import numpy as np
from tqdm.auto import tqdm

from jnl.core.errors import printable
from jnl.parallel.devices import is_main


class Progress:
    """A progress bar over epochs. It is shown in terminals and notebooks, and hidden elsewhere."""

    def __init__(self, title: str, epochs: int, done: int, steps_per_epoch: int) -> None:
        hidden = None  # unless the output is a terminal
        if not is_main():
            hidden = True
        elif _in_notebook():  # its output is no terminal, but shows a bar
            hidden = False
        self.bar = tqdm(
            total=epochs, initial=done, desc=printable(title), unit="epoch", disable=hidden, dynamic_ncols=True
        )
        self.steps_per_epoch = steps_per_epoch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.close()

    def step(self) -> None:
        """Show that an epoch without metrics has finished."""
        self.bar.update()

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
        self.bar.update()


def _in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook, and has not only imported such a package."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None
