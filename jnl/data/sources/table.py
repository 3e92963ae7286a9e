"""Load a user's own table: `data.dir` is a CSV or Parquet file, and `data.label` is the column to predict.

True and false become 1 and 0. A column of words becomes one column for each different word. Where numbers are missing,
the median is used, and another column says where. Left out, with a note, are row numbers, dates, and columns with the
same value or a different word in each row. With `standardize`, all columns are then standardized. The classes are the
sorted labels, which are whole numbers or words (007 is a word). `data.test` is a file with the same columns for a test
set with true labels, in the column `data.truth` if the file has it.

With `data.text` the inputs are the words of a column of texts, and the other columns are left out.

A column `split` with `train`, `test` and the like says which rows are for training and for testing; `data.split` names
another one. A column with the names of image files makes it a table of images: `data.images` is their folder.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from jnl.data.arrays import Labeled, dataset
from jnl.data.arrays import split as as_split
from jnl.data.dataset import Dataset
from jnl.data.labels import TEST, TRAIN, TRUE, refuse_long, sorted_names, tidied
from jnl.data.missing import DASHES, is_missing
from jnl.data.notes import doubt
from jnl.data.preparation import Preparation
from jnl.data.readers import cells, columns, features, listed_images, tables, texts
from jnl.data.readers.layout import split_of
from jnl.data.readers.pixels import Rules, parse_range
from jnl.data.readers.tables import Table, rows_of
from jnl.support import registry
from jnl.support.errors import UserError, unknown
from jnl.support.paths import Folder
from jnl.support.text import listed

NOISY = True
_FEW = 20  # in fewer rows, a feature may follow the label by chance
_CODE = re.compile(r"0\d")  # a label such as 007 is a word: without its zeros, nobody finds it again
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d*)?")


def load(
    dir: Folder = None,
    label: str = "label",
    truth: str = "",
    test: str = "",
    standardize: bool = True,
    separator: str = "",
    decimal: str = "",
    encoding: str = "",
    leave_out: str = "",
    keep: str = "",
    text: str = "",
    length: int = 200,
    vocabulary: int = 20_000,
    images: str = "",
    file: str = "",
    split: str = "",
    size: int = 0,
    background: str = "white",
    range: str = "",
) -> Dataset:
    """Load a table; the inputs are f32[N, D], i32[N, length] words of texts, or u8[N, H, W, channels] listed images.

    Args:
      dir: the CSV or Parquet file; it must be set.
      label: name of the column with the labels.
      truth: name of a column with the true labels, which only metrics read; "" for none.
      test: file of the test set, whose labels are in the column `truth` if it has this column; "" for none.
      standardize: give each column mean 0 and variance 1 over the training set.
      separator: the character between values in a text file; "" guesses it.
      decimal: the decimal sign in texts, "." or ","; "" guesses it.
      encoding: encoding of a text file; "" takes UTF-8, or guesses Windows-1252.
      leave_out: names of columns to leave out, separated by commas.
      keep: names of columns that are never left out.
      text: name of a column of texts, whose words are the inputs; "" for none.
      length: number of words of a text; longer texts are cut.
      vocabulary: number of different words, the most frequent ones of the training set.
      images: the folder of the images; "" is the folder of the table.
      file: name of the column of image files; "" takes the one whose values end like images.
      split: name of the column with `train`, `test` and the like; "" takes `split` if it has such values.
      size: side of the images in pixels; 0 keeps their size, see `folder`.
      background: the color under transparent pixels of images.
      range: the values of black and white in images of more than 8 bits, such as "0,4095".

    Raises:
      UserError: A file is not a table, a column is missing, repeated or unusable, or labels are not classes.
    """
    if dir is None:
        raise UserError("data.dir: not set; give the .csv or .parquet file with your table")
    if decimal not in ("", ".", ","):
        raise UserError(f"data.decimal: {decimal!r}; give '.' or ','")
    train = tables.read(Path(dir), "data.dir", separator, encoding)
    other = tables.read(Path(test), "data.test", separator, encoding) if test else None
    out, kept = (_names(train, names, field) for names, field in ((leave_out, "leave_out"), (keep, "keep")))
    about = list(train.notes)
    seen = _labels(train, label, "data.label", about)
    true, lost = _truth(train, truth, label, seen, about) if truth else (None, np.zeros(len(seen), bool))
    known = {*seen, *(true or ())}
    names = sorted_names({tidied(str(value)) for value in known})
    given = Labeled(np.zeros(0), _words(seen, TRAIN), None if true is None else _words(true, TRUE))
    skip = {label, *out} | ({truth} if truth else set())
    column = _split_column(train, split, {*skip, *kept})
    if not column:
        about += _other_splits(train, {*skip, *kept})
    listing = None if text else listed_images.find(train, Path(dir), skip, images, file, split)
    if listing is not None:
        if test:
            raise UserError("data.test: a table of images has its test set in a column; set data.split instead")
        _refuse_unknown(train, np.flatnonzero(lost & (listing.parts != "train")), truth)
        made = listed_images.load(listing, given, names, size, Rules(background, parse_range(range)))
        made = _without_truth(made, lost[listing.parts == "train"])
        return made._replace(notes=(*about, *made.notes))
    _refuse_unused("the table lists no images", size=size, range=range, background=background)
    if not text:
        _refuse_unused("data.text names no column of texts", length=length, vocabulary=vocabulary)
    best, rows = true or seen, np.arange(len(seen))
    tested = _labels_of_test(other, label, truth, about) if other is not None else []
    if column:
        if test:
            raise UserError(
                f"data.test: the table has its test set in the rows that column {column!r} says; leave data.test out, "
                f"or set data.leave_out={column}"
            )
        parts, said = listed_images.read_splits(train, column)
        rows, held_rows, more = listed_images.of_parts(parts)
        about += [*said, *more]
        _refuse_unknown(train, held_rows[lost[held_rows]], truth)
        other = rows_of(train, held_rows)._replace(notes=()) if len(held_rows) else None
        train, tested = rows_of(train, rows), [best[row] for row in held_rows]
        skip.add(column)
    if text:
        read = _of_texts(train, other, text, length, vocabulary, skip)
    else:
        read = _of_features(train, other, skip, kept, decimal, [best[row] for row in rows])
    clean = None if given.clean is None else given.clean[rows]
    held = None if read.test is None else Labeled(read.test, _words(tested, TEST))
    form = read.form._replace(separator=separator, encoding=encoding)
    made = dataset(Labeled(read.train, given.labels[rows], clean), held, names, standardize, form, read.kind)
    made, name = _without_truth(made, lost[rows]), Path(dir).name
    ignored = (f"columns left out as data.leave_out says: {listed(out)}",) if out else ()
    of_test = () if other is None else other.notes
    notes = (*about, *read.notes, *ignored, *of_test, *made.notes[1:])
    shown = None if read.whole is None else read.whole.__getitem__
    return made._replace(origin=lambda row: f"{name} row {rows[row]}", notes=notes, text=shown)


def _refuse_unused(why: str, **options: registry.Value) -> None:
    """Raise `UserError` if one of these options of `load`, which have no effect, is not at its default."""
    usual = registry.keywords(load)
    for field, value in options.items():
        if value != usual[field]:
            raise UserError(f"data.{field}: {why}, so it has no effect; leave it out")


class _Read(NamedTuple):
    """The inputs of a table."""

    train: np.ndarray
    test: np.ndarray | None
    form: Preparation  # how new inputs become these
    notes: tuple[str, ...]
    kind: str = ""  # see `arrays.dataset`
    whole: list[str] | None = None  # the texts as they were, if the inputs are their words


def _of_texts(
    train: Table, test: Table | None, text: str, length: int, vocabulary: int, skip: Collection[str]
) -> _Read:
    """Return the words of a column of texts, i32[N, length]."""
    found = texts.read(train, test, text, length, vocabulary)
    others = [name for name in train.columns.column_names if name not in {*skip, text}]
    left = (f"columns left out, because the inputs are texts: {listed(others)}",) if others else ()
    form = Preparation((), "", columns={text: ()}, words=found.words)
    return _Read(found.train, found.test, form, (*found.notes, *left), "tokens", found.whole)


def _of_features(
    train: Table, test: Table | None, skip: Collection[str], keep: Collection[str], decimal: str,
    labels: list[int | str],
) -> _Read:  # fmt: skip
    """Return the columns as features f32[N, D]."""
    decided = columns.decide(train, skip, keep, decimal)
    found = decided.columns
    inputs, notes = features.features(train, found, "data.dir")
    same = features.copies(train, found, labels) if len(labels) > _FEW else ()
    held = None
    if test is not None:
        held, notes = features.features(test, found, "data.test", decimal_is_set=bool(decimal))
    form = Preparation(
        (), "", columns=found.words, fills=found.fills, decimal=found.decimal, signs=found.signs,
        thousands=found.thousands,
    )  # fmt: skip
    return _Read(inputs, held, form, (*decided.notes, *same, *notes))


def _split_column(table: Table, split: str, taken: Collection[str]) -> str:
    """Return the column of splits: `split`, or "split" if a value of it is a split and it is not `taken`; else ""."""
    if split or "split" in taken or "split" not in table.columns.column_names:
        return split
    values = set(map(str, cells.content(table.columns, "split", "data.split")))
    return "split" if any(split_of(value.strip()) for value in values) else ""


def _other_splits(table: Table, taken: Collection[str]) -> list[str]:
    """Return a doubt about each column that may say which rows are for training, but has another name than `split`."""
    doubts = []
    for name in table.columns.column_names:
        if name in taken or name == "split" or not cells.is_text(table.columns[name].type):
            continue
        words = cells.words(table.columns, name).unique().drop_null().to_pylist()
        if all(map(split_of, words)) and len(parts := set(map(split_of, words))) > 1 and "train" in parts:
            advice = f"set data.split={name} if it does, otherwise data.keep={name}"
            doubts.append(
                doubt(f"data.split: column {name!r} may say which rows are for training, but all are; {advice}")
            )
    return doubts


def _labels_of_test(test: Table, label: str, truth: str, notes: list[str]) -> list[int | str]:
    """Return the true labels of the table of `data.test` if it has a column of them, otherwise its labels."""
    name = truth if truth and truth in test.columns.column_names else label
    why = f", because it has no column {truth!r}" if truth and name != truth else ""
    notes.append(f"the labels of the test set are in column {name!r} of data.test{why}")
    return _labels(test, name, "data.test", notes)


def _truth(
    table: Table, name: str, label: str, seen: list[int | str], notes: list[str]
) -> tuple[list[int | str], np.ndarray]:
    """Return the true labels in column `name`, and where they are unknown, bool[N]: there they are the labels `seen`.

    Raises:
      UserError: No true label is known, or none is one of the labels.
    """
    values = cells.content(table.columns, name, "data.truth") if name in table.columns.column_names else []
    texts = ["" if value is None or value != value else str(value).strip() for value in values]
    lost = np.zeros(len(seen), bool)
    lost[_missing(texts)] = True
    if texts and not {-1, "-1"} & set(seen):
        lost |= np.isin(texts, ("-1", "-1.0"))
    if lost.all():
        raise UserError(f"data.truth: column {name!r} has no true label; leave data.truth out")
    found = _labels(rows_of(table, np.flatnonzero(~lost)) if lost.any() else table, name, "data.truth", notes)
    if not set(map(tidied, map(str, found))) & set(map(tidied, map(str, seen))):
        raise UserError(
            f"data.truth: column {name!r} and the labels in column {label!r} have no value in common, such as "
            f"{str(found[0])!r} and {str(seen[0])!r}; give the same classes in both"
        )
    if not lost.any():
        return found, lost
    notes.append(f"true labels that are unknown: {int(lost.sum()):,}")
    known = iter(found)
    return [seen[row] if unsure else next(known) for row, unsure in enumerate(lost)], lost


def _refuse_unknown(table: Table, rows: np.ndarray, truth: str) -> None:
    """Raise `UserError` if there are rows i64[n] of the test set whose true label is unknown."""
    if len(rows):
        raise UserError(
            f"data.truth: column {truth!r} has no true label in {table.place(int(rows[0]))}, which is in the test set; "
            "fill it or leave the row out"
        )


def _without_truth(dataset: Dataset, lost: np.ndarray) -> Dataset:
    """Return a data set whose true labels are unknown (-1) where they are `lost`, bool[N]."""
    if not lost.any():
        return dataset
    inputs, labels, clean = (np.asarray(part) for part in dataset.train)
    return dataset._replace(train=as_split(inputs, labels, np.where(lost, -1, clean)))


def _names(table: Table, names: str, field: str) -> list[str]:
    """Return names of columns that are separated by commas. Raise `UserError` if the table lacks one."""
    found = [name.strip() for name in names.split(",") if name.strip()]
    for name in found:
        if name not in table.columns.column_names:
            raise unknown(f"data.{field}", name, table.columns.column_names)
    return found


def _labels(table: Table, name: str, field: str, notes: list[str]) -> list[int | str]:
    """Return the labels in column `name` as whole numbers or words. `field` is for messages, which `notes` gets.

    Raises:
      UserError: There is no such column, a label is missing, or labels are fractions.
    """
    rows = table.columns
    if name not in rows.column_names:
        close = [other for other in rows.column_names if other.lower() == name.lower()]
        hint = f"did you mean {close[0]!r}? " if close else ""
        advice = "; set it to one of these (--label of `jnl audit`)" if field == "data.label" else ""
        raise UserError(
            f"{field}: no column {name!r}; {hint}the table has {', '.join(rows.column_names[:20])} (the first line "
            f"must have the names){advice}"
        )
    if not len(rows):
        raise UserError(f"{field}: the table has no rows")
    if pa.types.is_nested(rows[name].type):
        raise UserError(
            f"{field}: column {name!r} holds values of the type {rows[name].type}; give whole numbers or words as "
            "classes"
        )
    values = cells.content(rows, name, field)
    texts = ["" if value is None or value != value else str(value) for value in values]
    lost = _missing(texts)
    if lost:
        raise UserError(
            f"{field}: column {name!r} has no label ({texts[lost[0]]!r}) in {table.place(lost[0])}"
            f"{f' and {len(lost) - 1:,} more' if lost[1:] else ''}; fill it or leave the row out, or rename the class "
            "if it is one"
        )
    if not pa.types.is_boolean(rows[name].type) and all(_NUMBER.fullmatch(text.strip()) for text in texts):
        if any(float(text) % 1 for text in texts):
            raise UserError(f"{field}: column {name!r} holds fractions; give whole numbers or words as classes")
        found: list[int | str] = [int(text.partition(".")[0]) for text in texts]
        spelled = {text.strip() for text in texts}
        if len(set(found)) == len(spelled) and any(_CODE.match(text) for text in spelled):
            return [text.strip() for text in texts]
        if len(set(found)) < len(spelled):
            text = f"{field}: labels of column {name!r} that are the same number, such as 1 and 01, are one class"
            notes.append(doubt(text))
        return found
    if pa.types.is_floating(rows[name].type):
        raise UserError(
            f"{field}: column {name!r} holds fractions, infinite or very large numbers; give whole numbers or words as "
            "classes"
        )
    return list(texts)


def _missing(texts: Collection[str]) -> list[int]:
    """Return the rows whose label is missing. A dash is a class if "+" is one."""
    lost = {text for text in set(texts) if is_missing(text)}
    if "+" in {text.strip() for text in texts}:
        lost = {text for text in lost if text.strip() not in DASHES}
    return [row for row, text in enumerate(texts) if text in lost] if lost else []


def _words(labels: list[int | str], part: str) -> np.ndarray:
    """Return labels as an array of strings: str[N]."""
    texts = [str(label) for label in labels]
    refuse_long(texts, part)
    return np.array(texts)
