"""Load a user's own table: `data.dir` is a .csv or .parquet file, and `data.label` is the column to predict.

True and false become 1 and 0. A column of words becomes one column for each different word, at most `ONE_HOT`. It is an
error if such a column mixes words with at least as many different numbers. With `standardize`, all columns are then
standardized. The row numbers of pandas, which are a column without a name or `__index_level_0__`, are left out. The
classes are the sorted labels, which are whole numbers or words. `data.test` is a file with the same columns for a test
set with true labels.
"""

import math
import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from jnl.core.errors import UserError
from jnl.data.arrays import Labelled, dataset
from jnl.data.dataset import Dataset
from jnl.data.preparation import Preparation
from jnl.data.readers import tables
from jnl.data.readers.tfds import Folder

NOISY = True
ONE_HOT = 100  # largest number of different words in a column
_ROW_NUMBERS = re.compile(r"(__index_level_\d+__)?")
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)


def load(
    dir: Folder = None, label: str = "label", truth: str = "", test: str = "", standardize: bool = True
) -> Dataset:
    """Load a table; the inputs are f32[N, D].

    Args:
      dir: the .csv or .parquet file; it must be set.
      label: name of the column with the labels.
      truth: name of a column with the true labels, which only metrics read; "" for none.
      test: file of the test set; "" for none.
      standardize: give each column mean 0 and variance 1 over the training set.

    Raises:
      UserError: A file is not a table, a column is missing, repeated or unusable, or labels are not classes.
    """
    if dir is None:
        raise UserError("data.dir: not set; give the .csv or .parquet file with your table")
    train, other = tables.read(Path(dir), "data.dir"), tables.read(Path(test), "data.test") if test else None
    seen = _labels(train, label, "data.label")
    true = _labels(train, truth, "data.truth") if truth else None
    values = _values(train, label, truth)
    known = {*seen, *(true or ())}
    numbers = all(isinstance(value, int) for value in known)
    names = tuple(str(value) for value in (sorted(known, key=int) if numbers else sorted(known, key=str)))
    given = Labelled(tables.features(train, values, "data.dir"), _words(seen), None if true is None else _words(true))
    held = None
    if other is not None:
        held = Labelled(tables.features(other, values, "data.test"), _words(_labels(other, label, "data.test")))
    name = Path(dir).name
    return dataset(given, held, names, standardize, Preparation((), "", columns=values))._replace(
        origin=lambda row: f"{name} row {row}"
    )


def _values(table: pa.Table, *skip: str) -> dict[str, list[str]]:
    """Return the feature columns: name -> the sorted words in the training table, or an empty list for numbers."""
    values: dict[str, list[str]] = {}
    for name in table.column_names:
        if name in skip or _ROW_NUMBERS.fullmatch(name):
            continue
        kind = table[name].type
        if any(holds(kind) for holds in _NUMBERS):
            values[name] = []
            continue
        found = dict.fromkeys(map(str, tables.content(table, name, "data.dir")))
        other = [word for word in found if not _is_number(word)]
        if 0 < len(other) <= len(found) / 2:
            raise UserError(
                f"data.dir: column {name!r} holds numbers, but also {other[0]!r}; give a number there, or leave the "
                "column out"
            )
        values[name] = sorted(found)
        if len(values[name]) > ONE_HOT:
            raise UserError(
                f"data.dir: column {name!r} has {len(values[name]):,} different words, more than {ONE_HOT}; leave it "
                "out"
            )
    if not values:
        raise UserError("data.dir: the table has no columns beside the label; add the features")
    return values


def _is_number(word: str) -> bool:
    """Return whether a word is a finite number."""
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _labels(table: pa.Table, name: str, field: str) -> list[int | str]:
    """Return the checked labels in column `name`. `field` is for error messages."""
    if name not in table.column_names:
        raise UserError(f"{field}: no column {name!r}; the table has {', '.join(table.column_names[:20])}")
    if not len(table):
        raise UserError(f"{field}: the table has no rows")
    if pa.types.is_floating(table[name].type):
        raise UserError(f"{field}: column {name!r} holds fractions; give whole numbers or words as classes")
    labels = [
        value if isinstance(value, int) else "" if value is None else str(value)
        for value in tables.content(table, name, field)
    ]
    if "" in labels:
        raise UserError(f"{field}: column {name!r} is empty in row {labels.index('')}; fill it or leave the row out")
    return labels


def _words(labels: list[int | str]) -> np.ndarray:
    """Return labels as an array of strings: str[N]."""
    return np.array([str(label) for label in labels])
