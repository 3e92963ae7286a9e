"""Your own table: `data.dir` is a .csv or .parquet file, `data.label` the column to predict.

Numbers are standardised, true and false are 1 and 0, words become one column for each of their values (`ONE_HOT` at
most). A clean test set is another file, `data.test`, of the same columns.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from jnl.data.arrays import Given, dataset
from jnl.data.dataset import Dataset
from jnl.data.tfds_reader import Folder
from jnl.errors import UserError

NOISY = True
ONE_HOT = 100


def load(
    dir: Folder = None, label: str = "label", truth: str = "", test: str = "", standardise: bool = True
) -> Dataset:
    """f32[N, D]; `truth` is a column with the true labels, if there is one, which only metrics read."""
    if dir is None:
        raise UserError("data.dir: not set; give the .csv or .parquet file with your table")
    train, other = _read(Path(dir)), _read(Path(test)) if test else None
    values = _values(train, label, truth)
    given = Given(_features(train, values), _labels(train, label), _labels(train, truth) if truth else None)
    held = None if other is None else Given(_features(other, values), _labels(other, label))
    return dataset(given, held, standardise=standardise)


def _read(path: Path) -> pa.Table:
    try:
        return pyarrow.parquet.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)
    except (OSError, pa.ArrowException) as error:
        said = " ".join(str(error).split())
        raise UserError(
            f"data.dir: {path} is no table that can be read ({said}); give a .csv or .parquet file"
        ) from error


def _values(table: pa.Table, *skip: str) -> dict[str, list[str]]:
    """The feature columns; of those that hold words, their values in the training set."""
    values: dict[str, list[str]] = {}
    for name in table.column_names:
        if name in skip:
            continue
        column = table[name]
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type):
            values[name] = []
            continue
        values[name] = sorted({str(value) for value in column.to_pylist()})
        if len(values[name]) > ONE_HOT:
            raise UserError(
                f"data.dir: column {name!r} has {len(values[name]):,} different words, over {ONE_HOT}; leave it out"
            )
    if not values:
        raise UserError("data.dir: the table has no columns beside the label; add the features")
    return values


def _features(table: pa.Table, values: dict[str, list[str]]) -> np.ndarray:
    columns = []
    for name, words in values.items():
        if name not in table.column_names:
            raise UserError(f"data.test: column {name!r} is missing; the test table needs those of the training table")
        if words:
            column = np.array([str(value) for value in table[name].to_pylist()])
            columns += [column == word for word in words]
        else:
            try:
                columns.append(table[name].cast(pa.float64()).to_numpy())
            except pa.ArrowException as error:
                raise UserError(
                    f"data.test: column {name!r} holds no numbers, in the training table it does"
                ) from error
    return np.stack(columns, 1).astype(np.float32)


def _labels(table: pa.Table, name: str) -> np.ndarray:
    if name not in table.column_names:
        raise UserError(f"data.label: no column {name!r}; the table has {', '.join(table.column_names[:20])}")
    column = table[name].to_pylist()
    if None in column:
        raise UserError(
            f"data.label: column {name!r} is empty in row {column.index(None)}; fill it or leave the row out"
        )
    if all(isinstance(value, int) for value in column) and {int(value) for value in column} <= set(range(ONE_HOT * 10)):
        return np.array(column, np.int64)
    return np.array([str(value) for value in column])
