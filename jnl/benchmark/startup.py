"""What passes before and around the compiled program: start to first step, compilation, host time per epoch."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jnl.benchmark.timing import Seconds, repeat
from jnl.experiment.run import run
from jnl.settings.config import published

_FIRST_STEP = """
import jnl, sys
config = jnl.config.published("jocor", "model=" + sys.argv[1])
config.epochs, config.protocol.max_steps = 1, 1
jnl.run(config)
"""


def first_step(model: str, repetitions: int) -> tuple[Seconds, Seconds]:
    """Seconds from the start of Python to the end of the first training step (digits, 5 runs), in new processes.

    Without and with JAX's persistent compilation cache.
    """

    def process(cache: str | None) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
        if cache is not None:
            environment |= {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        root = Path(__file__).parents[2]
        subprocess.run([sys.executable, "-c", _FIRST_STEP, model], cwd=root, env=environment, check=True)

    with tempfile.TemporaryDirectory() as cache:
        cold = repeat(lambda: process(None), repetitions)
        process(cache)
        return cold, repeat(lambda: process(cache), repetitions)


def host_seconds(number: int, epochs: int = 200) -> float:
    """Seconds an epoch spends outside the compiled program, for `number` runs, with results written to disk.

    The duration of a training with next to nothing to compute, less that of a shorter one.
    """

    def duration(epochs: int) -> float:
        config = published("standard", "model=mlp")
        config.seeds, config.epochs, config.batch_size, config.protocol.max_steps = number, epochs, 1, 1
        config.model.width = 1
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            summary = run(config, folder).summary
            compile_seconds = sum(program["compile_seconds"] for program in summary["programs"])
            return time.perf_counter() - begin - compile_seconds

    return (duration(epochs + 10) - duration(10)) / epochs
