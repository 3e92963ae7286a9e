"""Decide what the columns of a table are: numbers, words, or nothing that a network should see."""

import datetime
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jnl.data.notes import doubt
from jnl.data.readers import cells, numbers
from jnl.data.readers.tables import Table
from jnl.support.errors import UserError
from jnl.support.text import listed, number

MOST_WORDS = 100  # largest number of different words in a column
_UNIQUE = "a different word in each row"  # why a column of texts is no feature
_FEW = 10  # a table with fewer rows may have a feature that looks like row numbers
_HIDDEN_INDEX = re.compile(r"__index_level_\d+__")  # names under which pandas stores row numbers
_PANDAS_INDEX = re.compile(r"unnamed: ?\d+(\.\d+)*|index|level_\d+", re.I)  # of some rows, perhaps with repeats
_INDEX = re.compile(r"(row|line)?[ _]?(id|no|nr|number|idx)|.*[ _-]id|row", re.I)
_THING = (
    "account|applicant|case|client|customer|employee|event|file|house|image|item|listing|loan|member|object|order|"
    "participant|patient|passenger|person|policy|product|property|record|sample|session|store|student|subject|"
    "transaction|trip|user"
)
_THING_ID = re.compile(rf".*[a-z0-9](Id|ID)|(?i:({_THING})id)")  # but no word such as "humid" or "acid"
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([T ]\d{1,2}:\d{2}.*)?|"
    r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AP]M)?|((mon|tue|wed|thu|fri|sat|sun)\w*,? )?(\d{1,2}\.?[ -])?"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.?([ -]\d{1,2})?,?[ -]\d{2,4}.*",
    re.I,
)


class Columns(NamedTuple):
    """How the columns of a table become features."""

    words: Mapping[str, Sequence[str]]  # name -> its words, or nothing for a column of numbers
    fills: Mapping[str, float] = {}  # of each column of numbers with missing ones: what is put there, the median
    decimal: str = "."  # the decimal sign in texts
    signs: Mapping[str, str] = {}  # of columns of numbers: "$" or "%"
    thousands: Sequence[str] = ()  # columns in which points or commas separate thousands


class Decided(NamedTuple):
    """The columns of a training table, and sentences about them."""

    columns: Columns
    notes: tuple[str, ...]


def decide(table: Table, skip: Collection[str], keep: Collection[str], decimal: str) -> Decided:
    """Return the columns of a training table that become features.

    Args:
      table: the table.
      skip: names of columns that are no features, such as the label.
      keep: names of columns that are never left out.
      decimal: the decimal sign in texts; "" guesses it.

    Raises:
      UserError: A column cannot be used, or none is left.
    """
    names = [name for name in table.columns.column_names if name not in skip]
    texts = {name: cells.texts(table.columns, name) for name in names if cells.is_text(table.columns[name].type)}
    sign = decimal or numbers.decimal_sign(texts, table.separator)
    words: dict[str, Sequence[str]] = {}
    fills: dict[str, float] = {}
    signs: dict[str, str] = {}
    left: dict[str, list[str]] = {}  # why -> names of columns
    doubts = list[str]()
    for name in names:
        why, known, values = _content(table, name, texts.get(name), sign)
        if why and (name not in keep or values is None and not known):
            left.setdefault(why, []).append(name)
            continue
        if why == _UNIQUE:
            doubts.append(doubt(f"data.keep: column {name!r} has {why}, so nothing can be learned from it"))
        words[name] = known
        if known and (lost := _missing(table, name, texts[name])) and "" not in lost:
            counts = ", ".join(f"{word!r} ({number(count, 'row')})" for word, count in lost.most_common())
            said = f"data.dir: column {name!r} has words that count as missing: {counts}"
            doubts.append(doubt(said) if len(lost) > 1 else said)  # several become one
        if values is not None and name in texts and (money := numbers.sign(texts[name], name, "data.dir")):
            signs[name] = money
        if values is not None and np.isnan(values).any():
            fills[name] = float(np.nanmedian(values)) if not np.isnan(values).all() else 0.0
    thousands = [
        name for name in words if not words[name] and name in texts and numbers.has_thousands(texts[name], sign)
    ]
    notes = _notes(words, fills, left, sign, signs, thousands)
    if not words:
        texts_alone = "; if a column holds texts, set data.text to its name" if _UNIQUE in left else ""
        raise UserError(
            f"data.dir: the table has no columns beside the label that can be used; {'; '.join(notes)}{texts_alone}"
        )
    return Decided(Columns(words, fills, sign, signs, thousands), (*notes, *doubts))


def _content(
    table: Table, name: str, texts: pa.ChunkedArray | None, decimal: str
) -> tuple[str, list[str], np.ndarray | None]:
    """Return why a column is no feature, or "", and its words, or its numbers f64[N]."""
    kind = table.columns[name].type
    if _HIDDEN_INDEX.fullmatch(name):
        return "row numbers of pandas", [], None
    if len(table.columns) == table.columns[name].null_count:
        return "empty", [], None
    if pa.types.is_temporal(kind):
        return "dates or times", [], None
    if pa.types.is_nested(kind):
        raise UserError(f"data.dir: column {name!r} holds values of the type {kind}; leave it out")
    if texts is not None:
        why, known, values = _of_texts(table, name, texts, decimal)
    else:
        why, known, values = "", [], cells.typed(table.columns, name, "data.dir")
    if values is not None:
        _refuse_infinite(table, name, values)
        why = why or _why_no_feature(name, values)
    return why, known, values


def _of_texts(
    table: Table, name: str, texts: pa.ChunkedArray, decimal: str
) -> tuple[str, list[str], np.ndarray | None]:
    """Return why a column of texts is no feature, or its words, or its numbers f64[N]."""
    there = texts.drop_null()
    if not len(there):
        return "empty", [], None
    if (values := cells.parsed(texts, decimal)) is not None:
        return "", [], values
    known = there.unique().to_pylist()
    dates = all(_DATE.fullmatch(word) for word in known)
    good = numbers.fits(texts, decimal)
    wrong = texts.filter(pa.array(~good))
    if not dates and len(wrong.unique()) <= len(known) / 2:
        raise UserError(
            f"data.dir: column {name!r} holds numbers, but also {wrong[0].as_py()!r} in "
            f"{table.place(int(np.argmin(good)))}; give a number there, or leave the column out"
        )
    lost = set(_missing(table, name, texts))
    words = sorted({cells.word(word) for word in known} | (lost if "" in lost or not lost else {""}))
    if dates:
        return "dates or times", words, None
    if len(known) == len(texts) > 1:
        return _UNIQUE, words, None
    if len(known) > MOST_WORDS:
        return f"more than {MOST_WORDS} different words", words, None
    return "the same value in each row" if len(words) == 1 else "", words, None


def _missing(table: Table, name: str, texts: pa.ChunkedArray) -> Counter[str]:
    """Return the words in a column that may mean a missing value, such as "none", and how many; "" for empty cells."""
    words = cells.words(table.columns, name).filter(pc.is_null(texts))
    return Counter(map(cells.word, words.to_pylist()))


def _refuse_infinite(table: Table, name: str, values: np.ndarray) -> None:
    """Raise `UserError` if a number is infinite, or too large for float32."""
    large = np.abs(np.nan_to_num(values, posinf=np.inf, neginf=-np.inf)) > np.finfo(np.float32).max
    if large.any():
        row = int(large.argmax())
        raise UserError(
            f"data.dir: column {name!r} has {values[row]:g} in {table.place(row)}, which is too large; correct it or "
            "leave it out"
        )


def _why_no_feature(name: str, values: np.ndarray) -> str:
    """Return why a column of numbers f64[N] is no feature, or ""."""
    complete, values = not np.isnan(values).any(), values[~np.isnan(values)]
    if len(values) < 2:
        return ""
    if complete and values.min() == values.max():
        return "the same value in each row"
    whole, plain = bool((values == np.rint(values)).all()), name.strip()
    different = len(np.unique(values)) == len(values)
    if whole and not plain:
        return "row numbers of pandas"
    if whole and (_PANDAS_INDEX.fullmatch(plain) or different and _is_id(plain)):
        return "row numbers"
    if len(values) < _FEW:
        return ""
    steps = np.diff(values)
    if different and (
        (whole and values.max() - values.min() == len(values) - 1) or (steps > 0).all() or (steps < 0).all()
    ):
        return "numbers that follow the rows"
    return "dates or times" if whole and _are_dates(values) else ""


def _is_id(name: str) -> bool:
    """Return whether a column with this name numbers rows or things, if all its numbers are different."""
    return bool(_INDEX.fullmatch(name) or _THING_ID.fullmatch(name))


def _are_dates(values: np.ndarray) -> bool:
    """Return whether all numbers are dates such as 20240131."""
    if not 19000101 <= values.min() <= values.max() <= 21001231:
        return False
    for value in np.unique(values).astype(int).tolist():
        try:
            datetime.date(value // 10000, value // 100 % 100, value % 100)
        except ValueError:
            return False
    return True


def _notes(
    words: Mapping[str, Sequence[str]],
    fills: Mapping[str, float],
    left: Mapping[str, list[str]],
    decimal: str,
    signs: Mapping[str, str],
    thousands: Sequence[str],
) -> list[str]:
    """Return sentences about the columns; warn about those that were left out by a guess."""
    plain = [name for name in words if not words[name]]
    said = [f"columns of numbers: {listed(plain)}"] if plain else []
    said += [
        f"column {name!r} has {number(len(known), 'word')}, each a feature" for name, known in words.items() if known
    ]
    said += [
        f"column {name!r} lacks numbers; the median {value:g} is there instead, and another feature says where"
        for name, value in fills.items()
    ]
    said += ["numbers have decimal commas"] * (decimal == ",")
    said += [f"column {name!r} has signs of money or percent, which were left out" for name in signs]
    said += [f"{'commas' if decimal == '.' else 'points'} in column {name!r} separate thousands" for name in thousands]
    for why, names in left.items():
        sentence = f"columns left out ({why}): {listed(names)}"
        guess = why.startswith(("numbers that", "more than"))
        said.append(doubt(f"data.dir: {sentence}; data.keep names columns to use") if guess else sentence)
    return said
