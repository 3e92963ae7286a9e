"""Measure this machine and print a table.

jnl benchmark [--work mlp cnn7] [--runs 1 8] [--axes map vmap devices] [--precisions auto]
    [--parts limits epochs startup] [--repetitions 3] [--out FILE.json]

The command measures the limits of the machine first. Then it measures the seconds per run and epoch, and the share of
the limit, for each number of runs, each `runs_axis` and each precision. Last come the start-up time and the host time.
`--parts epochs` leaves out the rest, and the shares with it.
The file --out must be new, or hold an earlier benchmark. It is written after each measurement.
Run no other programs at the same time.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import product
from typing import IO

from jnl.benchmark import epochs, limits, startup
from jnl.models import PRECISIONS
from jnl.parallel import devices
from jnl.results.provenance import record
from jnl.support.errors import whole_number
from jnl.support.json_values import Json, as_object
from jnl.support.out_file import check_out_file, write_out_file
from jnl.support.paths import expanded

AXES = ["map", "vmap", "devices"]
PARTS = ["limits", "epochs", "startup"]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl benchmark", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", nargs="+", choices=sorted(epochs.WORK), default=["mlp", "cnn7"])
    parser.add_argument("--runs", nargs="+", type=int, default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--axes", nargs="+", choices=AXES, default=AXES)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=["auto"])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is measured")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=expanded, help="where the numbers go, as JSON")
    asked = parser.parse_args(arguments)
    for option, numbers in (("--repetitions", [asked.repetitions]), ("--runs", asked.runs)):
        for number in numbers:
            whole_number(option, number, 1)
    devices.use_cores()

    found: dict[str, Json] = record()

    def save() -> None:  # called after each measurement, so that a long benchmark can be stopped, and not before
        if asked.out is not None:
            write_out_file(asked.out, (json.dumps(found, indent=1) + "\n").encode())

    if asked.out is not None:
        check_out_file(asked.out, _is_benchmark, "benchmark")
    limit = _limits() if "limits" in asked.parts else None
    rows: list[Json] = []
    starts: dict[str, Json] = {}
    found |= {"limits": None if limit is None else limit._asdict(), "epochs": rows, "startup": starts}
    if limit is not None:
        save()
    if "epochs" in asked.parts:
        programs = [
            (work, number, axis, precision)
            for work in asked.work
            for number in asked.runs
            for axis, precision in product(asked.axes, asked.precisions)
        ]
        for row in _epochs(programs, limit, asked.repetitions):
            rows.append(row)
            save()
    if "startup" in asked.parts:
        for name, seconds in _startup(asked.work, max(asked.runs), asked.repetitions):
            starts[name] = seconds
            save()
    return 0


def _limits() -> limits.Limits:
    """Measure and print the limits of the machine."""
    limit = limits.measure()
    for name, rates in limit.matmul.items():
        for side, rate in rates.items():
            print(f"matrix product {name:8} {side:5d}: {rate / 1e9:8.1f} GFLOP/s")
    for size, rate in limit.copy.items():
        print(f"copy {size:11d} MiB: {rate / 1e9:8.1f} GB/s", flush=True)
    return limit


def _epochs(
    programs: Sequence[tuple[str, int, str, str]], limit: limits.Limits | None, repetitions: int
) -> Iterator[Json]:
    """Measure epochs, print a table and yield its rows.

    Args:
      programs: the work, the number of runs, the axis and the precision of each row.
      limit: the limits of the machine, for the shares; None leaves these out.
      repetitions: number of measurements.
    """
    print(f"\n{'work':10} {'axis':8} {'precision':9} {'runs':>4}  {'s per run and epoch':28} {'GFLOP/s':>8} "
          f"{'limit':>6} {'compile s':>9} {'MiB per run':>11}")  # fmt: skip
    for work, number, axis, precision in programs:
        one = epochs.measure(work, number, axis, precision, repetitions)
        share = one.operations_per_second / (one.devices * limit.peak(precision)) if limit else None
        seconds, shown = one.seconds_per_run_and_epoch, "" if share is None else f"{share:.2f}"
        print(f"{work:10} {axis:8} {precision:9} {number:4d}  {seconds!s:28} "
              f"{one.operations_per_second / 1e9:8.1f} {shown:>6} {one.compile_seconds:9.2f} "
              f"{one.bytes_per_run / 2**20:11.1f}", flush=True)  # fmt: skip
        yield one._asdict() | {"seconds_per_run_and_epoch": seconds._asdict(), "share_of_limit": share}


def _startup(works: Sequence[str], most: int, repetitions: int) -> Iterator[tuple[str, Json]]:
    """Measure and print the start-up of each work and the host time of 1 and the most runs, and yield them by name."""
    for work in works:
        cold, warm = startup.first_step(work, repetitions)
        print(f"start to first step, {work}: {cold} s; with the persistent cache {warm} s", flush=True)
        yield work, {"cold_seconds": cold._asdict(), "warm_seconds": warm._asdict()}
    for number in (1, most):
        host = startup.host_seconds(number)
        print(f"host time per epoch, {number} runs: {1e3 * host:.2f} ms", flush=True)
        yield f"host_seconds_{number}_runs", host


def _is_benchmark(content: IO[bytes]) -> bool:
    """Return whether a file is an earlier output of this command."""
    try:
        return {"limits", "epochs", "startup"} <= as_object(json.load(content)).keys()
    except (ValueError, TypeError, RecursionError):
        return False
