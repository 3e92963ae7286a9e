"""Apply the decisions of a review to a data set: `decisions.csv`, which the page of an audit exports.

The file has the columns `index` (row of the training set), `given`, `decision` and `label`, and perhaps `file` (where
the example came from). The decision `relabel` gives the example this label, and `drop` leaves the example out. `keep`
and `unsure` change nothing.
"""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.support.errors import UserError, reason, unknown
from jnl.support.paths import expanded
from jnl.support.text import encodable, number

DECISIONS = ["keep", "relabel", "drop", "unsure"]
_COLUMNS = ["index", "given", "decision", "label"]
_FORMULA = tuple("=+-@\t\r")  # a spreadsheet runs a cell that begins with one of them


def guarded(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula: with an apostrophe before it if needed."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class Decision(NamedTuple):
    """The decision on one example."""

    row: int
    given: str
    decision: str  # one of `DECISIONS`
    label: str
    file: str  # where the example came from, or "" if nobody knows


def read(path: Path) -> list[Decision]:
    """Return the decisions in a file.

    Raises:
      UserError: The file cannot be read, lacks a column, or holds an unknown decision or two decisions on one example.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            # A spreadsheet saves it with semicolons in countries where the comma is the decimal sign.
            rows = list(csv.DictReader(file, delimiter=";" if header.count(";") > header.count(",") else ","))
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"data.corrections: cannot read {path} ({reason(error)}); give a decisions.csv") from error
    missing = [name for name in _COLUMNS if rows and name not in rows[0]]
    if not rows or missing:
        raise UserError(
            f"data.corrections: {path} {f'lacks the column {missing[0]!r}' if rows else 'has no rows'}; it needs "
            f"{', '.join(_COLUMNS)}"
        )
    found = []
    for line, row in enumerate(rows, 2):
        if None in row.values() or not row["index"].isdecimal():
            raise UserError(f"data.corrections: line {line} of {path} has no row number; give one in `index`")
        if row["decision"] not in DECISIONS:
            raise unknown(f"data.corrections: decision in line {line} of {path}", row["decision"], DECISIONS)
        given, label, place = (_text(row.get(name) or "") for name in ("given", "label", "file"))
        found.append(Decision(int(row["index"]), given, row["decision"], label, place))
    twice = [index for index, number in Counter(each.row for each in found).items() if number > 1]
    if twice:
        raise UserError(f"data.corrections: {path} has two decisions on example {twice[0]}; remove one")
    return found


def files(given: str | Path) -> list[Path]:
    """Return the files of decisions: one, or several that are separated by commas."""
    whole = expanded(given)
    return [whole] if whole.exists() else [expanded(part.strip()) for part in str(given).split(",")]


def corrected(dataset: Dataset, given: str | Path) -> Dataset:
    """Return a data set after the decisions in files; see `corrected_rows`."""
    return corrected_rows(dataset, given)[0]


def corrected_rows(dataset: Dataset, given: str | Path) -> tuple[Dataset, np.ndarray]:
    """Return a data set after the decisions in files, and which of its training examples are left, i64[n].

    Args:
      dataset: the data set.
      given: the file of the decisions, or several that are separated by commas. Each of them belongs to the data after
        those before it.

    Raises:
      UserError: A file cannot be used, or it belongs to other data.
    """
    rows = np.arange(len(dataset.train.labels))
    for path in files(given):
        dataset, left = _corrected(dataset, path)
        rows = rows[left]
    return dataset, rows


def _corrected(dataset: Dataset, path: Path) -> tuple[Dataset, np.ndarray]:
    """Return a data set after the decisions in one file, and which of its examples are left."""
    names = tuple(map(encodable, dataset.class_names))
    train, numbers = dataset.train, {name: i for i, name in enumerate(names)}
    labels, kept, origin = np.array(train.labels), np.ones(len(train.labels), bool), dataset.origin
    done = Counter[str]()
    for index, given, decision, label, place in read(path):
        if index >= len(labels) or names[labels[index]] != given:
            there = f"is labeled {names[labels[index]]!r}" if index < len(labels) else "does not exist"
            raise UserError(
                f"data.corrections: {path} says that example {index} is labeled {given!r}, but it {there}; give the "
                "decisions on these data. Those of an audit with --corrections come after its file: FIRST,SECOND"
            )
        if place and origin is not None and encodable(origin(index)) != place:
            raise UserError(
                f"data.corrections: {path} says that example {index} is {place}, but it is {origin(index)}; audit the "
                "data again, because the numbers of the examples have changed"
            )
        if decision == "relabel" and label == given:
            decision = "keep"
        done[decision] += 1
        if decision == "drop":
            kept[index] = False
        elif decision == "relabel":
            if label not in numbers:
                raise unknown(f"data.corrections: label of example {index} in {path}", label, list(names))
            labels[index] = numbers[label]
    rows = np.flatnonzero(kept)
    if len(np.unique(labels[rows])) < 2:
        raise UserError(f"data.corrections: {path} leaves examples of fewer than 2 classes; drop fewer")
    note = f"{path.name}: {number(done['relabel'], 'label')} changed, {number(done['drop'], 'example')} dropped"
    note += f", {done['keep']:,} kept, {done['unsure']:,} unsure"
    dataset = dataset._replace(notes=(*dataset.notes, note))
    inputs, clean = np.asarray(train.inputs), np.asarray(train.clean)
    if len(rows) == len(labels):
        return dataset._replace(train=split(inputs, labels, clean)), rows
    left = dataset._replace(
        train=split(inputs[rows], labels[rows], clean[rows]),
        origin=_of_rows(origin or (lambda row: f"row {row}"), rows),
        text=_of_rows(dataset.text, rows),
    )
    return left, rows


def _of_rows(function: Callable[[int], str] | None, rows: np.ndarray) -> Callable[[int], str] | None:
    """Return a function of a row for a data set that has only these rows i64[n]."""
    return None if function is None else lambda row: function(int(rows[row]))


def _text(cell: str) -> str:
    """Return the text that `guarded` turned into this cell."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell
