"""Read the values of the columns of a table: texts, numbers and words."""

import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jnl.data.readers import numbers
from jnl.support.errors import UserError, reason


def content(table: pa.Table, name: str, field: str) -> list[object]:
    """Return the values of a column as Python objects. `field` is the config field of the table, for error messages."""
    try:
        return table[name].to_pylist()
    except Exception as error:  # such as bytes that are not text, or times that Python cannot represent
        raise UserError(
            f"{field}: column {name!r} cannot be read ({reason(error)}); correct or leave it out"
        ) from error


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds texts, perhaps as numbers of words."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner))


def texts(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column of texts without spaces, with nothing for missing values."""
    texts = _texts(table, name)
    values = numbers.plain(texts)
    return numbers.trimmed(texts) if values is None or np.isnan(values).any() else texts


def words(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column of texts without spaces around them, also those that may mean a missing value such as "none"."""
    return pc.utf8_trim_whitespace(_texts(table, name))


def _texts(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column of texts as it is."""
    try:
        texts = table[name].cast(pa.string())
        texts.validate(full=True)
        return texts
    except pa.ArrowException as error:
        raise UserError(
            f"data.dir: column {name!r} cannot be read ({reason(error)}); correct or leave it out"
        ) from error


def typed(table: pa.Table, name: str, field: str) -> np.ndarray:
    """Return a column of numbers or truth values as f64[N]; missing values are NaN."""
    try:
        return np.asarray(table[name].cast(pa.float64(), safe=False).to_numpy(), np.float64)
    except (pa.ArrowException, ValueError) as error:
        raise UserError(
            f"{field}: column {name!r} cannot be read ({reason(error)}); correct or leave it out"
        ) from error


def parsed(texts: pa.ChunkedArray, decimal: str) -> np.ndarray | None:
    """Return texts as numbers f64[N] if all are; missing ones are NaN."""
    values = numbers.plain(texts) if decimal == "." else None
    if values is None and (numbers.are_truth(texts) or numbers.fits(texts, decimal).all()):
        values = numbers.read(texts, decimal)
    return values


def word(text: str | None) -> str:
    """Return a word without spaces around it, in one Unicode form; "" for a missing one."""
    return unicodedata.normalize("NFC", text or "")
