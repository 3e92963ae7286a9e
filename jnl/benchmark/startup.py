"""Measure the time from the start of Python to the first step, and the time per epoch outside the compiled program."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jnl.benchmark.timing import Seconds, repeat
from jnl.experiment.run import run
from jnl.settings.published import get_config

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


def host_seconds(number: int, epochs: int = 200) -> float:
    """Return the seconds per epoch outside the compiled program, with results written to disk.

    The training has almost nothing to compute. The function subtracts the duration of a short training from that
    of a long one, both without compilation.

    Args:
      number: number of runs.
      epochs: number of epochs by which the long training is longer.
    """

    def duration(epochs: int) -> float:
        config = get_config("standard", "model=mlp")
        config.seeds, config.epochs, config.batch_size, config.protocol.max_steps = number, epochs, 1, 1
        config.model.width = 1
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            summary = run(config, folder).summary
            compile_seconds = sum(program["compile_seconds"] for program in summary["programs"])
            return time.perf_counter() - begin - compile_seconds

    return (duration(epochs + 10) - duration(10)) / epochs
