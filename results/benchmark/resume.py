"""Kill a training twice, resume it, and count the bits that differ from a training that nobody killed.

    PYTHONPATH=.:tests python results/benchmark/resume.py --config=configs/jocor.py [OPTIONS of jnl train]

Both trainings have 6 epochs and save after each of them. SIGKILL comes after the third epoch, while its save is under
way, and again after the second epoch that follows.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ENVIRONMENT = dict(os.environ)  # before the helpers of the tests change it
from helpers.faults import left_behind  # noqa: E402

EPOCHS, KILLS = 6, ("3", "2")  # after so many more epochs
ALWAYS = [f"--config.epochs={EPOCHS}", "--config.checkpoint.every_minutes=1e-6"]


def trained(workdir: Path, options: Sequence[str], kills: Sequence[str]) -> dict[str, np.ndarray]:
    """Train, with a process that is killed for each of `kills`, and return all arrays of the last checkpoint."""
    line = [*options, *ALWAYS, f"--workdir={workdir}"]
    for place in kills:
        died = subprocess.run([sys.executable, "tests/helpers/dying.py", place, *line], env=ENVIRONMENT)
        assert died.returncode == -signal.SIGKILL, "the training ended before it could be killed"
    subprocess.run([sys.executable, "-m", "jnl", "train", *line], env=ENVIRONMENT, check=True)
    return left_behind(workdir)[0]


def octets(array: np.ndarray) -> np.ndarray:
    """Return the bytes of an array, u8[n]."""
    return np.frombuffer(array.tobytes(), np.uint8)


def main(options: Sequence[str]) -> int:
    """Print how many bits differ, and return the exit code 0 if none does."""
    with tempfile.TemporaryDirectory() as folder:
        unbroken = trained(Path(folder) / "unbroken", options, ())
        broken = trained(Path(folder) / "broken", options, KILLS)
    assert broken.keys() == unbroken.keys()
    differ = sum(int(np.unpackbits(octets(array) ^ octets(broken[name])).sum()) for name, array in unbroken.items())
    print(f"{len(KILLS)} kills, {len(unbroken)} arrays: {differ} bits differ")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
