"""Your own table: `data.dir` is a .csv or .parquet file, `data.label` the column to predict.

True and false are 1 and 0, words become one column for each of their values (`ONE_HOT` at most), unless half of them or
more are numbers; then all columns are standardized. The row numbers of pandas, a column without a name or
`__index_level_0__`, are left out. Classes are in the order of the labels, whole numbers or words. A clean test set is
another file, `data.test`, of the same columns.
"""

import math
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from jnl.core.errors import UserError, reason
from jnl.data.arrays import Labelled, dataset
from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import Folder

NOISY = True
ONE_HOT = 100
_ROW_NUMBERS = re.compile(r"(__index_level_\d+__)?")
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)


def load(
    dir: Folder = None, label: str = "label", truth: str = "", test: str = "", standardize: bool = True
) -> Dataset:
    """f32[N, D]; `truth` is a column with the true labels, if there is one, which only metrics read.

    Raises:
      UserError: a file that is no table, columns that are missing, ambiguous or of no use, labels that are no classes.
    """
    if dir is None:
        raise UserError("data.dir: not set; give the .csv or .parquet file with your table")
    train, other = _read(Path(dir), "data.dir"), _read(Path(test), "data.test") if test else None
    seen = _labels(train, label, "data.label")
    true = _labels(train, truth, "data.truth") if truth else None
    values = _values(train, label, truth)
    known = {*seen, *(true or ())}
    numbers = all(isinstance(value, int) for value in known)
    names = tuple(str(value) for value in (sorted(known, key=int) if numbers else sorted(known, key=str)))
    given = Labelled(_features(train, values), _words(seen), None if true is None else _words(true))
    held = None
    if other is not None:
        held = Labelled(_features(other, values), _words(_labels(other, label, "data.test")))
    name = Path(dir).name
    return dataset(given, held, names, standardize)._replace(origin=lambda row: f"{name} row {row}")


def _read(path: Path, field: str) -> pa.Table:
    try:
        table = pyarrow.parquet.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)
        names = table.column_names
    except Exception as error:  # what a damaged file makes of Arrow is anybody's guess
        raise UserError(
            f"{field}: {path} is no table that can be read ({reason(error)}); give a .csv or .parquet file"
        ) from error
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{field}: {path} has two columns {name!r}; rename one")
        if pa.types.is_binary(table[name].type) or pa.types.is_large_binary(table[name].type):
            raise UserError(f"{field}: column {name!r} of {path} is no UTF-8 text; save the file as UTF-8")
    return table


def _values(table: pa.Table, *skip: str) -> dict[str, list[str]]:
    """The feature columns; of those that hold words, their values in the training set."""
    values: dict[str, list[str]] = {}
    for name in table.column_names:
        if name in skip or _ROW_NUMBERS.fullmatch(name):
            continue
        kind = table[name].type
        if any(holds(kind) for holds in _NUMBERS):
            values[name] = []
            continue
        found = dict.fromkeys(map(str, _content(table, name, "data.dir")))
        other = [word for word in found if not _is_number(word)]
        if 0 < len(other) <= len(found) / 2:
            raise UserError(
                f"data.dir: column {name!r} holds numbers and {other[0]!r}; fill it, or leave the column out"
            )
        values[name] = sorted(found)
        if len(values[name]) > ONE_HOT:
            raise UserError(
                f"data.dir: column {name!r} has {len(values[name]):,} different words, over {ONE_HOT}; leave it out"
            )
    if not values:
        raise UserError("data.dir: the table has no columns beside the label; add the features")
    return values


def _content(table: pa.Table, name: str, field: str) -> list[object]:
    try:
        return table[name].to_pylist()
    except Exception as error:  # bytes that are no text, times that Python lacks, ...
        raise UserError(
            f"{field}: column {name!r} cannot be read ({reason(error)}); correct or leave it out"
        ) from error


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _features(table: pa.Table, values: dict[str, list[str]]) -> np.ndarray:
    columns = []
    for name, words in values.items():
        if name not in table.column_names:
            raise UserError(f"data.test: column {name!r} is missing; the test table needs those of the training table")
        if words:
            column = np.array([str(value) for value in _content(table, name, "data.test")])
            columns += [column == word for word in words]
        else:
            try:
                columns.append(table[name].cast(pa.float64(), safe=False).to_numpy())
            except (pa.ArrowException, ValueError) as error:
                raise UserError(
                    f"data.test: column {name!r} holds no numbers, in the training table it does"
                ) from error
    with np.errstate(over="ignore"):  # becomes infinite, which is told
        return np.stack(columns, 1).astype(np.float32)


def _labels(table: pa.Table, name: str, field: str) -> list[int | str]:
    if name not in table.column_names:
        raise UserError(f"{field}: no column {name!r}; the table has {', '.join(table.column_names[:20])}")
    if not len(table):
        raise UserError(f"{field}: the table has no rows")
    if pa.types.is_floating(table[name].type):
        raise UserError(f"{field}: column {name!r} holds fractions; give whole numbers or words as classes")
    labels = [
        value if isinstance(value, int) else "" if value is None else str(value)
        for value in _content(table, name, field)
    ]
    if "" in labels:
        raise UserError(f"{field}: column {name!r} is empty in row {labels.index('')}; fill it or leave the row out")
    return labels


def _words(labels: list[int | str]) -> np.ndarray:
    return np.array([str(label) for label in labels])
