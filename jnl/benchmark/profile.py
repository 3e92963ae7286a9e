"""Measure how much time each operation of a training step takes.

python -m jnl.benchmark.profile [--work mlp] [--runs 1] [--axis auto] [--precision auto] [--rows 20]

All times are of one run and one step. They include the share of what an epoch does once, such as evaluation. The rate
in GB/s counts all arguments of an operation, so it is too high for an operation that reads a part of them. On a CPU,
JAX records some operations as two launches, such as sorts. On a GPU, `XLA_FLAGS=--xla_gpu_enable_command_buffer=` may
be needed so that the profiler knows the operation of each kernel.
"""

import argparse
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
from jax.profiler import ProfileData

from jnl.benchmark.epochs import WORK, program_spec
from jnl.benchmark.operations import Operation, functions
from jnl.models import PRECISIONS
from jnl.parallel import devices
from jnl.parallel.compiled_epoch import WholeEpoch
from jnl.parallel.layout import AXES, Layout, describe
from jnl.parallel.multi_run import MultiRunProgram
from jnl.support.command import exit_code
from jnl.support.errors import UserError, whole_number

# names of `jax.named_scope` in the training, and what a profile calls their operations
SCOPES = ("evaluation", "shuffle", "inputs", "selection", "optimizer", "metrics")


class Event(NamedTuple):
    """One execution of an operation, in nanoseconds."""

    name: str
    begin: float
    duration: float


class Profile(NamedTuple):
    """The time of each operation of an epoch, in nanoseconds, without the time of the operations inside it."""

    time: dict[str, float]
    launches: Counter[str]
    span: float  # from the first operation to the last


class Profiled(NamedTuple):
    """The profile of one epoch of a program."""

    profile: Profile
    operations: Mapping[str, Operation]  # by name
    layout: Layout
    steps: int  # of all runs together

    @property
    def whole(self) -> float:
        """The time of all devices in nanoseconds."""
        return self.profile.span * self.layout.mesh.devices.size


def of_events(threads: Iterable[Iterable[Event]]) -> Profile:
    """Sum the time of each operation.

    Args:
      threads: the events of each thread of a CPU or stream of a GPU. An event that lies inside another one, such as an
        operation inside a loop, does not count for the other one.
    """
    time, launches = defaultdict[str, float](float), Counter[str]()
    first, last = float("inf"), 0.0
    for events in threads:
        around: list[Event] = []
        for event in sorted(events, key=lambda event: (event.begin, -event.duration)):
            while around and around[-1].begin + around[-1].duration <= event.begin:
                around.pop()
            if around:
                time[around[-1].name] -= event.duration
            around.append(event)
            time[event.name] += event.duration
            launches[event.name] += 1
            first, last = min(first, event.begin), max(last, event.begin + event.duration)
    return Profile(time, launches, max(0.0, last - first))


def part(source: str) -> str:
    """Return the part of a training step that an operation belongs to.

    Args:
      source: `Operation.source`.
    """
    if "transpose(" in source:
        return "backward"
    scope = next((scope for scope in SCOPES if re.search(rf"\b{scope}\b", source)), "")
    return scope or ("forward" if "jvp(" in source else "other")


def profile(work: str, number: int, axis: str, precision: str) -> Profiled:
    """Profile one epoch of JoCoR on random data as a whole, after an epoch that is not profiled.

    Args:
      work: name of an entry of `WORK`.
      number: number of runs.
      axis: value of `config.runs_axis`.
      precision: value of `config.precision`.

    Raises:
      UserError: the profiler records no operations of this device.
    """
    made = program_spec(work, number, axis, precision)
    program = MultiRunProgram(made.train_spec._replace(segments=1), made.dataset, made.runs, made.layout)
    assert isinstance(program.epoch, WholeEpoch)
    training = program.train(partial(program.start, 0))
    next(training)
    operations = {each.name: each for group in functions(program.epoch.as_text()).values() for each in group}
    options = jax.profiler.ProfileOptions()
    options.python_tracer_level = 0
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder, profiler_options=options):
            next(training)
        (file,) = Path(folder).rglob("*.xplane.pb")
        found = of_events(_threads(ProfileData.from_file(str(file)), operations))
    if not found.time:
        raise UserError(f"the profiler of JAX {jax.__version__} records no operations of {describe(made.layout)}")
    return Profiled(found, operations, made.layout, program.steps)


def _threads(data: ProfileData, operations: Mapping[str, Operation]) -> Iterator[list[Event]]:
    """Yield the events of the operations: of an accelerator if the profile has one, else of the CPU.

    On a CPU an event has the name of its operation. JAX 0.7.2 aborts when the statistics of some other events are read.
    """
    planes = list(data.planes)
    on_device = [plane for plane in planes if re.match(r"/device:(GPU|TPU)", plane.name)]
    for plane in on_device or planes:
        for line in plane.lines:
            if not on_device:
                events = [(event.name, event) for event in line.events if event.name in operations]
            elif line.name.startswith(("Stream", "XLA Ops")):
                events = [(str(dict(event.stats).get("hlo_op", event.name)), event) for event in line.events]
            else:
                continue
            yield [Event(name, event.start_ns, event.duration_ns) for name, event in events]


def table(profiled: Profiled, rows: int) -> Iterator[str]:
    """Yield the lines of a report: the parts of a step, then the operations that take most time.

    Args:
      profiled: the profile.
      rows: the number of operations that are listed.
    """
    found, whole, steps = profiled.profile, profiled.whole, profiled.steps

    def operation(name: str) -> Operation:
        return profiled.operations.get(name, Operation(name, name, 0, "", ""))

    time, launches = defaultdict[tuple[str, str], float](float), Counter[tuple[str, str]]()
    for name, nanoseconds in found.time.items():
        key = part(operation(name).source), operation(name).kind
        time[key] += nanoseconds
        launches[key] += found.launches[name]
    yield f"{'us':>8} {'share':>6} {'launches':>8}  part and kind"
    for key in sorted(time, key=lambda key: -time[key]):
        if (share := time[key] / whole) >= 0.001:
            yield f"{time[key] / steps / 1e3:8.1f} {share:6.1%} {launches[key] / steps:8.1f}  {key[0]}: {key[1]}"
    rest = max(0.0, whole - sum(time.values()))
    yield f"{rest / steps / 1e3:8.1f} {rest / whole:6.1%} {'':8}  in no operation"
    yield f"\n{'us':>8} {'GB/s':>6} {'launches':>8}  operation, kind and source"
    for name in sorted(found.time, key=lambda name: -found.time[name])[:rows]:
        one, times, nanoseconds = operation(name), found.launches[name], found.time[name]
        rate = f"{one.bytes * times / nanoseconds:6.1f}" if one.bytes and nanoseconds else f"{'':6}"
        end = "/".join(one.source.split("/")[-3:])
        yield f"{nanoseconds / steps / 1e3:8.1f} {rate} {times / steps:8.1f}  {name}, {one.kind}, {end}"


def main(arguments: Sequence[str]) -> int:
    """Print the profile of one epoch. Return the exit code 0."""
    parser = argparse.ArgumentParser(
        "python -m jnl.benchmark.profile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", choices=WORK, default="mlp")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--axis", choices=AXES, default="auto")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--rows", type=int, default=20, help="the number of operations that are listed")
    asked = parser.parse_args(arguments)
    whole_number("--runs", asked.runs, 1)
    whole_number("--rows", asked.rows, 0)
    devices.use_cores()
    found = profile(asked.work, asked.runs, asked.axis, asked.precision)
    layout, microseconds = describe(found.layout), found.whole / found.steps / 1e3
    print(f"{asked.work}, runs: {asked.runs} {layout}, {asked.precision}: {microseconds:.0f} us of all devices")
    print(*table(found, asked.rows), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
