"""Read tables, and turn their columns into features."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from jnl.core.errors import UserError, reason


def read(path: Path, field: str) -> pa.Table:
    """Return the table in a .csv or .parquet file. `field` is the config field of the path, for error messages."""
    try:
        table = pyarrow.parquet.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)
        names = table.column_names
    except Exception as error:  # damaged files make Arrow raise errors of many types
        raise UserError(
            f"{field}: {path} is not a table that can be read ({reason(error)}); give a .csv or .parquet file"
        ) from error
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{field}: {path} has two columns {name!r}; rename one")
        if pa.types.is_binary(table[name].type) or pa.types.is_large_binary(table[name].type):
            raise UserError(f"{field}: column {name!r} of {path} is not UTF-8 text; save the file as UTF-8")
    return table


def content(table: pa.Table, name: str, field: str) -> list[object]:
    """Return the values of a column as Python objects. `field` is the config field of the table, for error messages."""
    try:
        return table[name].to_pylist()
    except Exception as error:  # such as bytes that are not text, or times that Python cannot represent
        raise UserError(
            f"{field}: column {name!r} cannot be read ({reason(error)}); correct or leave it out"
        ) from error


def features(table: pa.Table, columns: Mapping[str, Sequence[str]], field: str) -> np.ndarray:
    """Return inputs f32[N, D], with one column for each word of a column of words.

    Args:
      table: the table.
      columns: the columns of the training table: name -> its words, or nothing for a column of numbers.
      field: config field or argument with the table, for error messages.

    Raises:
      UserError: A column is missing, or does not hold numbers.
    """
    found: list[np.ndarray] = []
    for name, words in columns.items():
        if name not in table.column_names:
            raise UserError(f"{field}: column {name!r} is missing; the table needs all columns of the training table")
        if words:
            column = np.array([str(value) for value in content(table, name, field)])
            found += [column == word for word in words]
        else:
            try:
                found.append(table[name].cast(pa.float64(), safe=False).to_numpy())
            except (pa.ArrowException, ValueError) as error:
                raise UserError(
                    f"{field}: column {name!r} does not hold numbers, but in the training table it does; use the "
                    "same type in both"
                ) from error
    with np.errstate(over="ignore"):  # too large values become infinite, which `data.load` reports
        return np.stack(found, 1).astype(np.float32)
