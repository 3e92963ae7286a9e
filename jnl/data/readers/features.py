"""Turn the columns of a table into features."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from jnl.data.missing import is_missing
from jnl.data.notes import doubt
from jnl.data.readers import cells, numbers
from jnl.data.readers.columns import Columns
from jnl.data.readers.tables import Table
from jnl.support.errors import UserError
from jnl.support.text import number

_HEAD = 1000  # number of rows that are looked at first


def features(
    table: Table, columns: Columns, field: str, decimal_is_set: bool = False
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return inputs f64[N, D] and notes about words that the training table lacks.

    A column of words becomes one column for each word. A column of numbers with missing ones in the training table
    becomes two: the numbers, with the median where one is missing, and 1 where one is missing.

    Args:
      table: the table.
      columns: how the columns of the training table became features.
      field: config field or argument with the table, for error messages.
      decimal_is_set: whether the user has set the decimal sign, so that the texts leave no doubt.

    Raises:
      UserError: A column is missing, does not hold numbers, or has another sign of money or percent than in the
        training table. Or a number is missing in a column in which the training table lacks none, or may have another
        decimal sign.
    """
    of_numbers = [name for name, words in columns.words.items() if not words and name in table.columns.column_names]
    texts = {name: cells.texts(table.columns, name) for name in of_numbers if cells.is_text(table.columns[name].type)}
    if not decimal_is_set:
        numbers.refuse_other_decimal(texts, table.separator, columns.decimal, columns.thousands, field)
    found: list[np.ndarray] = []
    notes: list[str] = []
    for name, words in columns.words.items():
        if name not in table.columns.column_names:
            raise UserError(f"{field}: column {name!r} is missing; the table needs all columns of the training table")
        if words:
            position = _positions(table.columns, name, words, field)
            found += [position == place for place in range(len(words))]
            if unknown := int((position < 0).sum()):
                row = int(np.argmax(position < 0))
                value = str(cells.content(table.columns.slice(row, 1), name, field)[0])
                said = f"{number(unknown, 'row')} with words that the training table lacks, such as {value!r}"
                notes.append(f"{field}: column {name!r} has {said}")
            continue
        values = _numbers(table, name, columns.decimal, field)
        lost = np.isnan(values)
        if not lost.all():
            _refuse_other_sign(table, name, columns.signs.get(name, ""), field)
        if name in columns.fills:
            found += [np.where(lost, columns.fills[name], values), lost]
        elif lost.any():
            raise UserError(
                f"{field}: column {name!r} has no number in {table.place(int(lost.argmax()))}, but it has all in the "
                "training table; fill it"
            )
        else:
            found.append(values)
    return np.stack(found, 1).astype(np.float64, copy=False), tuple(notes)


def copies(table: Table, columns: Columns, labels: Sequence[int | str]) -> tuple[str, ...]:
    """Return a doubt about each column that says the same as the labels, one to one."""
    _, given = np.unique(np.array([str(label) for label in labels]), return_inverse=True)
    doubts = []
    for name, words in columns.words.items():
        if words:
            codes = _positions(table.columns, name, words, "data.dir")
        else:
            values = _numbers(table, name, columns.decimal, "data.dir")
            if len(np.unique(values[:_HEAD])) > given.max() + 1:  # most columns
                continue
            _, codes = np.unique(values, return_inverse=True)
        pairs = len(np.unique(codes * np.int64(len(labels) + 1) + given))
        if pairs == len(np.unique(codes)) == given.max() + 1 > 1:
            doubts.append(
                doubt(f"data.dir: column {name!r} says the same as the label in each row; is it a label too?")
            )
    return tuple(doubts)


def _refuse_other_sign(table: Table, name: str, wanted: str, field: str) -> None:
    """Raise `UserError` unless a column of numbers has the sign of money or percent that the training table had.

    Amounts of money may lack the sign, but not percent: 0.55 is another number than 55%.
    """
    is_text = cells.is_text(table.columns[name].type)
    found = numbers.sign(cells.texts(table.columns, name), name, field) if is_text else ""
    if found != wanted and (found or wanted == "%"):
        raise UserError(
            f"{field}: column {name!r} has numbers with {found or 'no sign'}, but in the training table with "
            f"{wanted or 'no sign'}; convert them"
        )


def _numbers(table: Table, name: str, decimal: str, field: str) -> np.ndarray:
    """Return a column of another table as numbers f64[N]."""
    if not cells.is_text(table.columns[name].type):
        if not (pa.types.is_temporal(table.columns[name].type) or pa.types.is_nested(table.columns[name].type)):
            return cells.typed(table.columns, name, field)
        where, value = table.place(0), str(table.columns[name].type)
    else:
        texts = cells.texts(table.columns, name)
        if (values := cells.parsed(texts, decimal)) is not None:
            return values
        row = int(np.argmin(numbers.fits(texts, decimal)))
        where, value = table.place(row), texts[row].as_py()
    raise UserError(
        f"{field}: column {name!r} does not hold numbers, but in the training table it does ({value!r} in {where}); "
        "use the same type in both"
    )


def _positions(table: pa.Table, name: str, words: Sequence[str], field: str) -> np.ndarray:
    """Return the place of each word of a column among the known words, i64[N]; -1 for others."""
    if cells.is_text(table[name].type):
        values = [cells.word(text) for text in cells.words(table, name).to_pylist()]
    else:
        values = ["" if value is None else str(value) for value in cells.content(table, name, field)]
    known = {word: place for place, word in enumerate(words)}
    missing = known.get("", -1)
    return np.array([known.get(value, missing if is_missing(value) else -1) for value in values], np.int64)
