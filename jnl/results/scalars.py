"""The numbers of `metrics.jsonl`, run by run, for programs that draw curves; packed by `xz` it is read too."""

import json
import lzma
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, cast

from jnl.core.errors import UserError, reason
from jnl.core.registry import Json
from jnl.results import old_names
from jnl.settings.fields import WITHOUT_SECTION

_AXES = ("network_", "class_")  # of a list in a row, and of a list in it
_SEEDS = ("seed", "noise_seed")


class Curves(NamedTuple):
    """One run."""

    number: int
    about: dict[str, Json]  # its seeds and swept values
    epochs: dict[int, dict[str, float]]  # epoch -> tag -> value, such as "test_accuracy/network_1"


def read(workdir: str | os.PathLike[str]) -> list[Curves]:
    """All runs of a workdir, of a training under way too. What was not finite (null) is left out.

    Raises:
      UserError: no `metrics.jsonl` there, or a damaged one.
    """
    file = metrics_file(Path(workdir))
    try:
        content = unpacked(file)
    except OSError as error:
        why = error.strerror or reason(error)
        raise UserError(f"workdir: cannot read {file} ({why}); give the folder of a training") from error
    runs: dict[int, Curves] = {}
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if not line.endswith("\n"):  # being written
            continue
        try:
            read = json.loads(line)
            row = old_names.row(read)
            run = runs.setdefault(read["run"], Curves(read["run"], _about(row), {}))
            run.epochs[read["epoch"]] = numbers(row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"workdir: line {number} of {file} is no row of a training; restore the file") from error
    return [runs[number] for number in sorted(runs)]


def metrics_file(workdir: Path) -> Path:
    """`metrics.jsonl`, or what `xz` made of it."""
    file = workdir / "metrics.jsonl"
    packed = file.with_suffix(".jsonl.xz")
    return packed if packed.exists() and not file.exists() else file


def unpacked(file: Path) -> str:
    """What is in a file, or in one that `xz` has packed.

    Raises:
      OSError: it cannot be read, or is neither.
    """
    try:
        with lzma.open(file) if file.suffix == ".xz" else file.open("rb") as content:
            return content.read().decode()
    except (EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise OSError(reason(error)) from error


def numbers(row: Mapping[str, Json]) -> dict[str, float]:
    """The numbers of one row by their tags, without its run, epoch and seeds."""
    return dict(_numbers(row))


def _is_about(name: str) -> bool:
    """Of the run, in each of its rows: seeds, and swept fields such as noise.rate and batch_size."""
    return name in _SEEDS + WITHOUT_SECTION or "." in name


def _about(row: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in row.items() if _is_about(name)}


def _numbers(row: Mapping[str, Json]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if name not in ("epoch", "run") and not _is_about(name):
            yield from _leaves(name, value, 0)


def _leaves(tag: str, value: Json, depth: int) -> Iterator[tuple[str, float]]:
    if isinstance(value, list) and depth < len(_AXES):
        for position, inner in enumerate(value):
            yield from _leaves(f"{tag}/{_AXES[depth]}{position + 1 - depth}", inner, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield tag, float(cast(float, value))
