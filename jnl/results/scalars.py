"""The metrics of each run as scalars with tags, for other programs that draw curves."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from jnl.results.metrics_file import is_metric, read_rows
from jnl.support.json_values import Json, as_integer

_AXES = ("network_", "class_")  # tags for a list in a row, and for a list inside that list


class Curves(NamedTuple):
    """The curves of one run."""

    number: int
    about: dict[str, Json]  # seeds and swept values of the run
    epochs: dict[int, dict[str, float]]  # epoch -> tag -> value, such as "test_accuracy/network_1"


def read(workdir: str | os.PathLike[str]) -> list[Curves]:
    """Return all runs of a workdir, even if the training is not finished. Null (not finite) values are left out.

    Raises:
      UserError: if `metrics.jsonl` does not exist or is damaged.
    """
    return [
        Curves(run, _about(rows[0]), {as_integer(row["epoch"]): numbers(row) for row in rows})
        for run, rows in read_rows(Path(workdir)).items()
    ]


def numbers(row: Mapping[str, Json]) -> dict[str, float]:
    """Return the metrics of one row: tag -> value."""
    return dict(_numbers(row))


def _about(row: Mapping[str, Json]) -> dict[str, Json]:
    """Return the seeds and swept fields of a row."""
    return {name: value for name, value in row.items() if not is_metric(name) and name not in ("epoch", "run")}


def _numbers(row: Mapping[str, Json]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if is_metric(name):
            yield from _leaves(name, value, 0)


def _leaves(tag: str, value: Json, depth: int) -> Iterator[tuple[str, float]]:
    """Yield each number of a value or of nested lists, with a tag such as `test_accuracy/network_1`."""
    if isinstance(value, list) and depth < len(_AXES):
        for position, inner in enumerate(value):
            yield from _leaves(f"{tag}/{_AXES[depth]}{position + 1 - depth}", inner, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield tag, float(value)
