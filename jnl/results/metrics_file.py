"""Read `metrics.jsonl`, which has one row for each run and epoch.

Any version of jnl may have written the file, and `xz` may have packed it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jnl.results import old_names
from jnl.results.files import SUMMARY, metrics_file, unpacked
from jnl.settings.schema import TOP_LEVEL
from jnl.support.errors import UserError, printable, reason
from jnl.support.json_values import Json, as_integer

Row = dict[str, Json]
WHICH = ("epoch", "run", "seed", "noise_seed")  # whole numbers that every row has


def read_rows(workdir: Path) -> dict[int, list[Row]]:
    """Return the rows of each run, in the order of their epochs: number of the run -> rows.

    A row that is still being written is left out. If a run has two rows for an epoch, the later row counts.

    Raises:
      UserError: if the file does not exist, cannot be read or is damaged.
    """
    file = metrics_file(workdir)
    try:
        text = unpacked(file)
    except OSError as error:
        raise UserError(
            f"workdir: cannot read {file} ({error.strerror or reason(error)}); give the folder of a training, or "
            "restore the file"
        ) from error
    lines = text.splitlines()
    if lines and not text.endswith("\n") and not (workdir / SUMMARY).exists():
        lines.pop()  # a training is writing it
    runs: dict[int, dict[int, Row]] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = old_names.row(parsed(line))
            if missing := [name for name in WHICH if name not in row]:
                raise ValueError(f"it lacks {', '.join(missing)}")
            epoch, run, *_ = (as_integer(row[name]) for name in WHICH)
        except (ValueError, TypeError, RecursionError) as error:
            raise UserError(
                f"workdir: line {number} of {file} is not a row of a training ({reason(error)}); restore the file"
            ) from error
        runs.setdefault(run, {})[epoch] = row
    return {run: [epochs[epoch] for epoch in sorted(epochs)] for run, epochs in sorted(runs.items())}


def rows_from(first: int, file: Path) -> list[str]:
    """Return the lines of the runs from a number on. Lines that are not whole rows are left out.

    Args:
      first: the number of the first run.
      file: the file with the rows; without it, there are no lines.
    """
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    kept = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            if as_integer(parsed(line)["run"]) >= first and line.endswith("\n"):
                kept.append(line)
    return kept


def newest_rows(file: Path) -> str:
    """Return the text of a file with rows, without each row that a later one replaces."""
    newest: dict[tuple[int, int], str] = {}
    for line in file.read_text("utf-8").splitlines(keepends=True):
        row = parsed(line)
        which = as_integer(row["run"]), as_integer(row["epoch"])
        newest.pop(which, None)  # so that the later one stands at the later place
        newest[which] = line
    return "".join(newest.values())


def is_metric(name: str) -> bool:
    """Return whether a column holds a metric. Other columns are the epoch, the run, its seeds and its swept fields."""
    return name not in (*WHICH, *TOP_LEVEL) and "." not in name


def parsed(text: str) -> dict[str, Json]:
    """Return the JSON object in a text. Invisible characters in its strings are escaped.

    Raises:
      ValueError: if the text is not a JSON object.
      RecursionError: if the object is nested too deeply.
    """
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("it is not a JSON object")
    return {printable(name): _printable(value) for name, value in content.items()}


def _printable(value: Json) -> Json:
    """Return a value with the invisible characters of all its strings escaped."""
    if isinstance(value, Mapping):
        return {printable(name): _printable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value
