"""Read tables from files."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from jnl.data.readers import text_tables
from jnl.support.errors import UserError, reason, too_large

ENDINGS = (".csv", ".tsv", ".tab", ".parquet", ".pq", ".xlsx", ".xls", ".ods")  # of tables; the content decides
_PARQUET = b"PAR1"
_OTHER = {
    b"PK\3\4": "an Excel file or an archive; save the sheet as CSV (UTF-8), or convert it by "
    "pandas.read_excel(FILE).to_csv('mine.csv', index=False)",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV (UTF-8)",
    b"\x1f\x8b": "a packed file; unpack it by gunzip",
    b"ARROW1": "a Feather file; convert it by pandas.read_feather(FILE).to_parquet('mine.parquet')",
    b"\x93NUMPY": "an array; use data.name=arrays",
    b"\x89HDF": "an HDF5 file; convert it by pandas.read_hdf(FILE).to_parquet('mine.parquet')",
}


def _row(row: int) -> str:
    return f"row {row}"


class Table(NamedTuple):
    """A table, and how to speak about it."""

    columns: pa.Table
    place: Callable[[int], str] = _row  # row number from 0 -> where it is, such as "line 7"
    separator: str = ""  # of a text file
    notes: tuple[str, ...] = ()


def rows_of(table: Table, rows: np.ndarray) -> Table:
    """Return a table of some rows. Its messages still count the rows of the whole table.

    Args:
      table: the whole table.
      rows: i64[n] the numbers of the rows to keep.
    """
    return table._replace(columns=table.columns.take(pa.array(rows)), place=lambda row: table.place(int(rows[row])))


def read(path: Path, field: str, separator: str = "", encoding: str = "") -> Table:
    """Return the table in a Parquet file or a text file such as CSV. The content of the file decides which it is.

    Args:
      path: the file.
      field: config field or argument that holds the path, for error messages.
      separator: see `text_tables.read`.
      encoding: see `text_tables.read`.

    Raises:
      UserError: The file cannot be read, or is no table.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_PARQUET):
            return _checked(Table(pyarrow.parquet.read_table(path)), path, field)
        if path.suffix.lower() in (".parquet", ".pq"):
            raise UserError(f"{field}: {path} is not a Parquet file as its name says; write it again")
        for mark, kind in _OTHER.items():
            if start.startswith(mark):
                raise UserError(f"{field}: {path} is {kind}")
        found = text_tables.read(path, field, separator, encoding)
    except (UserError, Warning):
        raise
    except MemoryError as error:
        raise too_large(field, path) from error
    except Exception as error:  # damaged files make Arrow raise errors of many types
        raise UserError(
            f"{field}: {path} is not a table that can be read ({reason(error)}); give a .csv or .parquet file"
        ) from error
    return Table(found.columns, lambda row: f"line {found.line(row)}", found.separator, found.notes)


def _checked(table: Table, path: Path, field: str) -> Table:
    """Return a table from a Parquet file. Raise `UserError` if a name is there twice, or a column holds bytes."""
    names = table.columns.column_names
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{field}: {path} has two columns {name!r}; rename one")
        kind = table.columns[name].type
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise UserError(f"{field}: column {name!r} of {path} is not UTF-8 text; save the file as UTF-8")
    return table
