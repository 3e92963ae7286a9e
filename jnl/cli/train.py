"""Train the runs that a config describes, and print a table.

jnl train --config=jocor:data=mnist [--workdir=DIR] [--config.noise.rate=0.5 ...]

--config is the name of a config of jnl, or a file such as configs/jocor.py. Both take an argument after a colon:
data=, noise=, rate=, model=, reference, quick. The option --config.FIELD=VALUE changes any field of the config. Without
--workdir, nothing is written, unless the config names a folder (config.workdir). With a folder, the training is saved:
the same command continues a stopped training, and shows the table of a finished one. With --config.report=True the
folder also gets the report, as by `jnl report`. In a checkout, `python train.py` is the same command.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ml_collections import ConfigDict

from jnl.cli import _flags
from jnl.data import corrections
from jnl.data.notes import data_warnings_hidden
from jnl.experiment.auto_rate import rated
from jnl.experiment.build import build
from jnl.experiment.doubts import doubts
from jnl.experiment.preview import describe, estimate
from jnl.experiment.result_sink import code_of, open_results
from jnl.experiment.run import train as train_programs
from jnl.parallel import devices
from jnl.results.files import REPORT, SUMMARY
from jnl.results.recorded import changed_files, finished
from jnl.results.summary_file import Summary
from jnl.results.table import left_out, table
from jnl.settings.parse import all_fields
from jnl.support.errors import UserError, printable
from jnl.support.json_values import Json, as_object
from jnl.support.paths import expanded
from jnl.support.text import listed


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code: 0, or 1 if all runs have failed."""
    if {"--help", "-h"} & set(arguments):
        print(__doc__)
        return 0
    points = train(arguments)["points"]
    if all(len(point["failed_runs"]) == len(point["runs"]) for point in points):
        first = min(epoch for point in points for epoch in point["failed_epochs"])
        print(f"all runs have failed, the first in epoch {first}: try a smaller optim.learning_rate", file=sys.stderr)
        return 1
    return 0


def train(arguments: Sequence[str]) -> Summary:
    """Train every point of the sweep of a config, in as few programs as their shapes allow, and print one table."""
    config, workdir = _flags.parse(arguments)
    fields = all_fields(config)
    if fields["report"] and workdir is None:
        raise UserError("config.report: the page is written to the workdir, but there is none; give --workdir")
    devices.use_cores()
    devices.connect()
    summary = finished(workdir, fields) if workdir else None
    if summary is not None:
        say(printable(f"{workdir}: this training was finished before, so no data were read and nothing was trained"))
        for line in _changes(config, workdir) if workdir else ():
            say(printable(line))
    else:
        with data_warnings_hidden():
            settled = rated(config, workdir=workdir)
            programs = build(settled.config)  # all programs are checked before one trains, so that errors come early
        with open_results(config, programs, workdir, settled.rate) as output:
            for line in dict.fromkeys(
                line for program_spec in programs for line in (*describe(program_spec), *doubts(program_spec))
            ):  # a line that programs share is printed once
                say(line)
            if settled.line is not None:
                say(settled.line)
            say(estimate(programs))
            summary = train_programs(programs, output)[0].summary
    say(table(summary["points"]))
    for line in left_out(summary["points"], workdir) if workdir else ():
        say(line)
    if not workdir:
        say("nothing was saved; give --workdir=DIR to keep the results and the networks")
    if fields["report"] and workdir and devices.is_main():
        from jnl.report.report import write  # a training without a report must not import Matplotlib

        say(printable(f"the report, with all figures and tables: open {write([workdir], workdir / REPORT)}"))
    return summary


def _changes(config: ConfigDict, workdir: Path) -> list[str]:
    """Return a line for each file of data that has changed since a training finished, and one for its code."""
    read = _read(as_object(all_fields(config)["data"]))
    lines = [
        f"{path} has changed since; give another --workdir to train on it" for path in read if _newer(path, workdir)
    ]
    if files := changed_files(workdir, code_of(config)):
        lines.append(
            f"since the training began, the code that it runs has changed: {listed(files)}; the table shows what the "
            "old code gave; give another --workdir to train with the new code"
        )
    return lines


def _read(data: Mapping[str, Json]) -> list[Path]:
    """Return the files and folders that a training has read, by the settings of its data."""
    folder, decisions = data["dir"], data["corrections"]
    read = [expanded(folder)] if isinstance(folder, str) else []
    return [*read, *corrections.files(decisions)] if isinstance(decisions, str) else read


def _newer(data: Path, workdir: Path) -> bool:
    """Return whether a file of data, or a folder in a folder of data, was changed after the training had finished."""
    folders = [Path(parent) for parent, _, _ in os.walk(data)] if data.is_dir() else [data]
    seen = [path for path in folders if path.exists() and not path.absolute().is_relative_to(workdir.absolute())]
    return any(path.stat().st_mtime > (workdir / SUMMARY).stat().st_mtime for path in seen)


def say(text: str) -> None:
    """Print a line for people, only in the main process, so that it appears once."""
    if devices.is_main():
        print(text, flush=True)
