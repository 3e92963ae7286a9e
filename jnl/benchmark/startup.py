"""Measure the time from the start of Python to the first step, and the time per epoch outside the compiled program."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from jnl.benchmark.timing import Seconds, repeat
from jnl.experiment.run import run
from jnl.parallel.multi_run import Cursor, MultiRunProgram
from jnl.settings.published import get_config

_EPOCHS = 200  # of the training that measures the host time
_FIRST_STEP = """
import jnl, sys
config = jnl.get_config("jocor", "model=" + sys.argv[1])
config.epochs, config.protocol.max_steps = 1, 1
jnl.run(config)
"""


def first_step(model: str, repetitions: int) -> tuple[Seconds, Seconds]:
    """Measure the seconds that new processes with one training step take, without and with JAX's compilation cache.

    Args:
      model: name of the network. The data set is digits, and 5 runs are trained.
      repetitions: number of processes that are measured in each case.

    Returns:
      Seconds without and with the persistent compilation cache.
    """

    def process(cache: str | None) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
        if cache is not None:
            environment |= {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        root = Path(__file__).parents[2]
        # JoCoR warns that one epoch is too short, which does not matter here
        command = [sys.executable, "-W", "ignore", "-c", _FIRST_STEP, model]
        subprocess.run(command, cwd=root, env=environment, check=True)

    with tempfile.TemporaryDirectory() as cache:
        cold = repeat(lambda: process(None), repetitions)
        process(cache)
        return cold, repeat(lambda: process(cache), repetitions)


def host_seconds(number: int) -> float:
    """Return the seconds between two epochs in which no program runs, with results written to disk.

    Args:
      number: number of runs of a training that has little to compute.
    """
    config = get_config("standard", "model=mlp")
    config.seeds, config.epochs, config.batch_size, config.protocol.max_steps = number, _EPOCHS, 1, 1
    config.model.width = 1
    ends, inside, advance = list[float](), list[float](), MultiRunProgram._advance

    def timed(self: MultiRunProgram, at: Cursor, feeds: list[Iterator]) -> Cursor:
        begin = time.perf_counter()
        after = advance(self, at, feeds)
        ends.append(time.perf_counter())
        inside.append(ends[-1] - begin)
        return after

    for _ in range(2):  # the first imports what the second needs
        ends.clear()
        inside.clear()
        with tempfile.TemporaryDirectory() as folder, patch.object(MultiRunProgram, "_advance", timed):
            run(config, folder)
    return (ends[-1] - ends[0] - sum(inside[1:])) / (len(ends) - 1)
