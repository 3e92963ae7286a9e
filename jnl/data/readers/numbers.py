"""Read columns of texts as numbers: decimal commas, separators of thousands, signs of money and percent."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jnl.data.missing import SPELLINGS
from jnl.support.errors import UserError

_GROUPS = "\\s\u00a0\u202f'\u2019"  # separate thousands besides point or comma
_MONEY = r"^([+-]?)[$€£¥]\s*|\s*[$€£¥%]$"
_OTHER = {".": ",", ",": "."}  # decimal sign -> the sign that may separate thousands
_PATTERNS = {
    decimal: rf"^[+-]?((([1-9]\d{{0,2}}([{other}{_GROUPS}]\d{{3}})+|\d+)(\{decimal}\d*)?|\{decimal}\d+)([eE][+-]?\d+)?"
    r"|(?i:inf(inity)?))$"
    for decimal, other in _OTHER.items()
}
_SIGNS = "$€£¥%"
_TRUTH = pa.array(["true", "false"])


def trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts without spaces around them, and nothing (null) for missing values."""
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    lost = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(sorted(SPELLINGS)))
    return pc.if_else(lost, pa.scalar(None, pa.string()), texts)


def plain(column: pa.ChunkedArray) -> np.ndarray | None:
    """Return texts as f64[N] if all are numbers in the usual form, with NaN for "nan"; else None. This is fast."""
    try:
        return np.asarray(column.cast(pa.string()).cast(pa.float64()).to_numpy())
    except (pa.ArrowException, ValueError):
        return None


def are_truth(texts: pa.ChunkedArray) -> bool:
    """Return whether all texts are "true" or "false"; missing values may be among them."""
    return bool(pc.all(pc.is_in(pc.utf8_lower(texts.drop_null()), value_set=_TRUTH)).as_py())


def fits(texts: pa.ChunkedArray, decimal: str) -> np.ndarray:
    """Return which texts are numbers with this decimal sign: bool[N]; missing values are."""
    return np.asarray(pc.fill_null(pc.match_substring_regex(_bare(texts), _PATTERNS[decimal]), True))


def read(texts: pa.ChunkedArray, decimal: str) -> np.ndarray:
    """Return texts that fit as f64[N]; missing values are NaN. "true" and "false" are 1 and 0."""
    if are_truth(texts):
        return np.asarray(pc.equal(pc.utf8_lower(texts), "true").cast(pa.float64()).to_numpy())
    bare = pc.replace_substring(_bare(texts), _OTHER[decimal], "")
    bare = pc.replace_substring_regex(bare, f"[{_GROUPS}]", "")
    bare = pc.replace_substring_regex(pc.replace_substring(bare, decimal, "."), r"^\+", "")
    return np.asarray(bare.cast(pa.float64()).to_numpy())


def sign(texts: pa.ChunkedArray, name: str, field: str) -> str:
    """Return the sign of money or percent in a column of numbers, "" for none.

    Args:
      texts: the numbers as trimmed texts.
      name: name of the column.
      field: config field or argument with the table, for error messages.

    Raises:
      UserError: The column has several signs, or percent in some rows only.
    """
    if plain(texts) is not None:
        return ""
    have = {each: pc.fill_null(pc.match_substring(texts, each), False) for each in _SIGNS}
    signs = [each for each in _SIGNS if pc.any(have[each]).as_py()]
    if len(signs) > 1:
        raise UserError(
            f"{field}: column {name!r} has numbers with {' and '.join(signs)}; convert them to one, or leave the "
            "column out"
        )
    bare = texts.filter(pc.invert(have["%"])).drop_null()
    if signs == ["%"] and len(bare):
        example = texts.filter(have["%"])[0].as_py()
        raise UserError(
            f"{field}: column {name!r} has numbers with and without %, {example!r} and {bare[0].as_py()!r}; give all "
            "as percent or none"
        )
    return signs[0] if signs else ""


def _bare(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts with a plain minus sign, and without a sign of money or percent."""
    return pc.replace_substring_regex(pc.replace_substring(texts, "\u2212", "-"), _MONEY, r"\1")


def decimal_sign(columns: Mapping[str, pa.ChunkedArray], separator: str) -> str:
    """Return the decimal sign of a table, "." or ",".

    Args:
      columns: the columns of trimmed texts by name.
      separator: the character between the values of the file; "" if it is no text file.

    Raises:
      UserError: Columns have different decimal signs, or it is not clear whether commas or points separate thousands.
    """
    signs: dict[str, str] = {}  # sign -> name of a column
    usual, unclear = list[str](), list[str]()
    for name, texts in columns.items():
        if not texts.length() - texts.null_count:
            continue
        if plain(texts) is not None:
            usual.append(name)
            continue
        point, comma = fits(texts, ".").all(), fits(texts, ",").all()
        if point != comma:
            signs.setdefault("." if point else ",", name)
        elif point and pc.any(pc.match_substring_regex(texts, "[.,]")).as_py():
            unclear.append(name)
    if "," in signs:  # then points must separate thousands
        for name in usual:
            if not fits(columns[name], ",").all():
                signs.setdefault(".", name)
    if len(signs) > 1:
        raise UserError(
            f"data.decimal: column {signs['.']!r} has decimal points and column {signs[',']!r} decimal commas; use one"
        )
    if not signs and separator != ",":  # between commas, commas separate thousands
        pointed = {name: columns[name].filter(pc.match_substring(columns[name], ".")) for name in usual}
        if all(fits(texts, ",").all() for texts in pointed.values()):  # so no point is surely a decimal sign
            unclear += [name for name, texts in pointed.items() if len(texts)]
            _refuse_unclear(columns, unclear)
    return next(iter(signs), ".")


def has_thousands(texts: pa.ChunkedArray, decimal: str) -> bool:
    """Return whether points or commas separate thousands in a column of numbers with this decimal sign."""
    return bool(pc.any(pc.match_substring(texts, _OTHER[decimal])).as_py())


def refuse_other_decimal(
    columns: Mapping[str, pa.ChunkedArray], separator: str, decimal: str, thousands: Collection[str], field: str
) -> None:
    """Raise `UserError` if points or commas of another table may be decimal signs, or may separate thousands.

    Args:
      columns: the columns of numbers as trimmed texts by name.
      separator: the character between the values of the file; "" if it is no text file.
      decimal: the decimal sign of the training table.
      thousands: names of columns of the training table in which points or commas separate thousands.
      field: config field or argument with the table, for error messages.
    """
    other = _OTHER[decimal]
    if separator == other or not all(are_truth(texts) or fits(texts, other).all() for texts in columns.values()):
        return  # the table is clear
    for name, texts in columns.items():
        if name not in thousands and has_thousands(texts, decimal):
            example = texts.filter(pc.match_substring(texts, other))[0].as_py()
            found, wanted = ("point", "commas") if decimal == "," else ("comma", "points")
            raise UserError(
                f"{field}: in column {name!r}, {example!r} may have a decimal {found} or a separator of thousands; "
                f"write numbers as in the training table, with decimal {wanted} and without separators of thousands"
            )


def _refuse_unclear(columns: Mapping[str, pa.ChunkedArray], unclear: Sequence[str]) -> None:
    """Raise `UserError` if there are columns whose points or commas may be decimal signs or separate thousands."""
    for name in unclear:
        example = columns[name].filter(pc.match_substring_regex(columns[name], "[.,]"))[0].as_py()
        sign = "comma" if "," in example else "point"
        raise UserError(
            f"data.decimal: in column {name!r}, {example!r} may have a decimal {sign} or a separator of thousands; set "
            "data.decimal to ',' or '.'"
        )
