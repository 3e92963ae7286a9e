"""Read tables in text files (CSV): their encoding, their separator and their lines, and what is wrong with them."""

import csv
import io
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from jnl.data.notes import doubt
from jnl.support.errors import UserError, reason

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_MARKS = {"\ufeff".encode(name): name for name in ("utf-32-le", "utf-32-be", "utf-8", "utf-16-le", "utf-16-be")}
_SAMPLE = 100  # number of rows from which the separator is guessed
_START = 2**20  # number of characters that these rows are looked for in
_LONGEST = 2**24  # characters of a value
_LARGEST_BLOCK = 2**31 - 1  # bytes that Arrow reads at once


class TextTable(NamedTuple):
    """A table of texts."""

    columns: pa.Table  # each column holds texts, as they are in the file
    line: Callable[[int], int]  # row -> number of its first line, as an editor counts
    separator: str
    notes: tuple[str, ...]


def read(path: Path, field: str, separator: str = "", encoding: str = "") -> TextTable:
    """Return the table in a text file. Its first line has the names of the columns.

    Args:
      path: the file.
      field: config field or argument that holds the path, for error messages.
      separator: the character between values; "" guesses it among comma, semicolon, tab and vertical bar.
      encoding: the encoding of the text; "" takes UTF-8, or what the first bytes say, or guesses Windows-1252.

    Raises:
      UserError: The file is no table: it is not text, a row has another number of values or repeats the first line, or
        a name is there twice.
      OSError: The file cannot be read.
    """
    text, notes = _decoded(path, field, encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    skipped = 0
    if text[:4].lower() == "sep=" and text[5:6] == "\n":  # a line for Excel
        separator, text, skipped = separator or text[4], text[6:], 1
    separator = separator or _separator(text)
    if len(separator) != 1:
        raise UserError(f"data.separator: {separator!r}; give one character, such as ';'")
    if separator != ",":
        notes.append(f"the values in {path.name} are separated by {_SEPARATORS.get(separator, repr(separator))}")
    try:
        number, header = next(_rows(text, separator), (0, []))
        names = [name.strip() for name in header]
        if not names:
            raise UserError(f"{field}: {path} has no rows; its first line must have the names of the columns")
        if twice := [name for name in names if names.count(name) > 1]:
            raise UserError(f"{field}: {path} has two columns {twice[0]!r}; rename one")
        body = _after(text, number + header_lines(header) - 1)
        columns = _parsed(body, names, separator)
    except (csv.Error, pa.ArrowException) as error:
        wrong = _wrong_row(text, separator)
        what = reason(error)
        if wrong:
            what = f"line {wrong[0] + skipped} has {wrong[1]} values, but the first line has {wrong[2]} names"
        raise UserError(
            f"{field}: {path} is not a table that can be read ({what}); correct it, or set data.separator"
        ) from error

    def line(row: int) -> int:
        found = next(islice(_rows(text, separator), row + 1, None), (0, []))
        return found[0] + skipped

    if (again := _repeated_header(columns)) >= 0:
        raise UserError(f"{field}: line {line(again)} of {path} repeats the names of the columns; remove it")
    if (swallowing := _swallowing_row(columns, separator)) >= 0:
        what = "has a value with line breaks and the separators of whole rows"
        notes.append(
            doubt(
                f"{field}: line {line(swallowing)} of {path} {what}; if it lacks a closing quotation mark, correct it"
            )
        )
    return TextTable(columns, line, separator, tuple(notes))


def _decoded(path: Path, field: str, encoding: str) -> tuple[str, list[str]]:
    """Return the text of a file, and notes about its encoding."""
    content = path.read_bytes()
    for mark, name in _MARKS.items():
        if not encoding and content.startswith(mark):
            content, encoding = content[len(mark) :], name
    guessed = encoding or "utf-8"
    try:
        text = content.decode(guessed).removeprefix("\ufeff")
    except LookupError as error:
        raise UserError(f"data.encoding: {encoding!r} is unknown; give one such as utf-8 or latin-1") from error
    except UnicodeError as error:
        guessed = "cp1252"
        text = "" if encoding else _western(content)
        if not text:
            raise UserError(
                f"{field}: {path} is not {encoding or 'UTF-8'} text ({reason(error)}); set data.encoding, or save the "
                "file as UTF-8"
            ) from error
    if not text.strip():
        raise UserError(f"{field}: {path} is empty, so it is not a table; give a .csv or .parquet file")
    if "\0" in text:
        raise UserError(f"{field}: {path} is not text: it holds NUL characters; give a .csv or .parquet file")
    if not encoding and guessed == "cp1252":
        guess = f"{path.name} is not UTF-8 and was read as Windows-1252; set data.encoding if words look wrong"
        return text, [doubt(f"{field}: {guess}")]
    return text, [] if guessed == "utf-8" else [f"{path.name} was read as {guessed}"]


def _western(content: bytes) -> str:
    """Return bytes as text in Windows-1252, or "" if they are none."""
    try:
        return content.decode("cp1252")
    except UnicodeError:
        return ""


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line. Empty lines are no rows."""
    csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    before = 0
    for row in reader:
        if row:
            yield before + 1, row
        before = reader.line_num


def header_lines(header: list[str]) -> int:
    """Return the number of lines that the names of the columns take."""
    return 1 + sum(name.count("\n") for name in header)


def _after(text: str, line: int) -> str:
    """Return the text after a number of lines."""
    place = 0
    for _ in range(line):
        place = text.find("\n", place) + 1
        if not place:
            return ""
    return text[place:]


def _separator(text: str) -> str:
    """Return the separator that splits the first rows into the same number of values, as many as possible."""
    if len(text) > _START:
        text = text[: text.rfind("\n", 0, _START) + 1]
    found = {}
    for separator in _SEPARATORS:
        try:
            widths = [len(row) for _, row in islice(_rows(text, separator), _SAMPLE)]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            found[separator] = (len(set(widths)) == 1, widths[0])
    return max(found, key=found.__getitem__, default=",")


def _parsed(body: str, names: list[str], separator: str) -> pa.Table:
    """Return the rows of a table without its first line; all columns are texts."""
    keys = [f"f{place}" for place in range(len(names))]
    if not body.strip("\n"):
        return pa.table({name: pa.array([], pa.string()) for name in names})
    parse = pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values='"' in body)
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False, quoted_strings_can_be_null=False
    )
    content = body.encode()

    def read(block: int) -> pa.Table:
        options = pyarrow.csv.ReadOptions(autogenerate_column_names=True, block_size=block)
        return pyarrow.csv.read_csv(io.BytesIO(content), options, parse, convert)

    try:
        columns = read(max(2**20, len(content) // 64))
    except pa.ArrowInvalid:
        columns = read(min(len(content) + 1, _LARGEST_BLOCK))  # a row may be longer than a block
    if len(columns.column_names) != len(names):
        raise pa.ArrowInvalid(f"{len(names)} names, but {len(columns.column_names)} values in a row")
    return columns.rename_columns(names)


def _repeated_header(columns: pa.Table) -> int:
    """Return the first row of at least two values that are the names of their columns, or -1."""
    if columns.num_columns < 2 or not len(columns):
        return -1
    same = pc.is_valid(columns.column(0))
    for name in columns.column_names:
        same = pc.and_(same, pc.equal(pc.utf8_trim_whitespace(columns[name]), name))
        if not pc.any(same).as_py():  # already after the first column of most tables
            return -1
    return int(pc.index(same, True).as_py())


def _swallowing_row(columns: pa.Table, separator: str) -> int:
    """Return the first row with a value that may hold other rows, because its quotation mark is not closed, or -1.

    For each of its line breaks, such a value has as many separators as a row. Those before a space are of a sentence.
    """
    found = list[int]()
    for name in columns.column_names if columns.num_columns > 1 else ():
        rows = np.flatnonzero(pc.match_substring(columns[name], "\n"))
        for row, value in zip(rows.tolist(), columns[name].take(pa.array(rows)).to_pylist(), strict=True):
            separators = value.count(separator) - value.count(f"{separator} ")
            if separators >= value.count("\n") * (columns.num_columns - 1):
                found.append(row)
                break
    return min(found, default=-1)


def _wrong_row(text: str, separator: str) -> tuple[int, int, int] | None:
    """Return the line of the first row with another number of values, this number, and the number of names."""
    width = 0
    try:
        for line, row in _rows(text, separator):
            width = width or len(row)
            if len(row) != width:
                return line, len(row), width
    except csv.Error:
        return None
    return None
