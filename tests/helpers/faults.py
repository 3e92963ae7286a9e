"""Trainings in processes of their own, what kills them, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

from conftest import QUICK_COMPILER, ROOT

from jnl.results.checkpoint import Checkpoints

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; processes would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

CLEAN = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}  # as users have it
QUICK = CLEAN | {"XLA_FLAGS": QUICK_COMPILER}  # with the quick compiler of the tests


def line(workdir, config, *options):
    return [sys.executable, "train.py", f"--config={config}", f"--workdir={workdir}", *options]


def start(workdir, config, *options, **environment):
    return begin(line(workdir, config, *options), env=QUICK | environment)


def begin(arguments, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(arguments, cwd=ROOT, text=True, **pipes, **options)


def finish(workdir, config, *options, **environment):
    """-> exit code, what went to people, what went wrong."""
    process = start(workdir, config, *options, **environment)
    out, error = process.communicate(timeout=600)
    return process.returncode, out, error


def passes(process, seconds):
    """Whether the process lives on for so long."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def rows(workdir):
    """How many are in `metrics.jsonl`."""
    with suppress(FileNotFoundError):
        return (workdir / "metrics.jsonl").read_bytes().count(b"\n")
    return 0


def wait_until(ready):
    """Looks every few milliseconds: a loop without a pause would take one of two cores from what it waits for."""
    pause = threading.Event()
    while not ready():
        pause.wait(0.005)


def stop_when(ready, number=signal.SIGTERM):
    """Sends the signal to this process as soon as `ready()`, from a thread."""

    def watch():
        wait_until(ready)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()


def killed(place, workdir, config, *options, **environment):
    """Trains in a process that SIGKILL ends at this place, see `dying.py`."""
    python, _, *arguments = line(workdir, config, *options)
    environment = QUICK | {"PYTHONPATH": str(ROOT)} | environment
    process = begin([python, "tests/helpers/dying.py", place, *arguments], env=environment)
    _, error = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL, f"{place} did not come: {error}"


def saved(folder):
    """The numbers of the checkpoints in the folder of a program, sorted."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())


def newest(folder):
    """The newest checkpoint in the folder of a program."""
    files = Checkpoints(folder, 99)
    try:
        return files.newest()
    finally:
        files.close()


def left_behind(workdir: Path) -> tuple[dict, dict]:
    """All that a training gives, but for times: name -> arrays, name -> what is JSON."""
    arrays, records = {}, {}
    for folder in sorted((workdir / "checkpoints").iterdir()):
        found = newest(folder)
        arrays |= {f"{folder.name}/{name}": array for name, array in found.arrays.items()}
        records[folder.name] = found.record
    for name in ("summary.json", "config.json"):
        records[name] = json.loads((workdir / name).read_text())
    for who in ("resumed", "command", "git_revision"):  # trained it, not what
        records["config.json"].pop(who, None)
    records["config.json"]["config"].pop("checkpoint")  # how often it was saved
    records["left_out"] = {file.name: file.read_text() for file in sorted((workdir / "left_out").glob("*"))}
    records["rows"] = [json.loads(row) for row in (workdir / "metrics.jsonl").read_text().splitlines()]
    return arrays, timeless(records)


def timeless(value):
    """Without what is called seconds."""
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if "seconds" not in key and key != "under_way"}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


@contextmanager
def full_disk(room):
    """No file of this process can grow beyond `room` bytes."""
    import resource  # Windows does not have it

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
