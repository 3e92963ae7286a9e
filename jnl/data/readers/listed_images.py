"""Read images that a table lists: a column of file names, the labels, and perhaps a column of splits."""

import os
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.data.arrays import Labeled
from jnl.data.dataset import Dataset
from jnl.data.labels import TEST, TRAIN, TRUE, classes
from jnl.data.preparation import Preparation
from jnl.data.readers import files, images
from jnl.data.readers.cells import content, is_text
from jnl.data.readers.image_files import ENDINGS
from jnl.data.readers.layout import HELD, split_of
from jnl.data.readers.pixels import Rules
from jnl.data.readers.tables import Table
from jnl.support.errors import UserError
from jnl.support.paths import expanded
from jnl.support.text import listed

_USUAL = ("file", "filename", "file_name", "filepath", "path", "image", "image_id", "img", "name", "id")


class Listing(NamedTuple):
    """The images in a table."""

    paths: list[Path]
    root: Path  # their folder
    parts: np.ndarray  # str[N], "train" or another split of each row
    notes: tuple[str, ...]


def find(table: Table, path: Path, skip: Collection[str], folder: str, file: str, split: str) -> Listing | None:
    """Return the images that a table lists, or None if it lists none.

    Args:
      table: the table.
      path: its file.
      skip: names of columns that are not meant, such as the label.
      folder: the folder of the images; "" is that of the table.
      file: name of the column of file names; "" takes the one whose values end like images.
      split: name of the column of splits; "" takes `split` if it has such values.

    Raises:
      UserError: A file or a column is missing, or the value of a split is unknown.
    """
    name = file or _column(table, skip, bool(folder))
    if not name:
        if folder:
            raise UserError(f"data.images: no column of {path} has the names of image files; set data.file to it")
        return None
    if name not in table.columns.column_names:
        raise UserError(f"data.file: no column {name!r}; the table has {', '.join(table.columns.column_names[:20])}")
    root = expanded(folder) if folder else path.parent
    if not root.is_dir():
        raise UserError(f"data.images: {root} is not a folder; give the folder of the images")
    names = ["" if value is None else str(value).strip() for value in content(table.columns, name, "data.file")]
    found = [_existing(root, one) for one in names]
    if lacking := [row for row, one in enumerate(found) if not one]:
        raise UserError(
            f"data.images: {table.place(lacking[0])} of {path.name} names {names[lacking[0]]!r}, which is not in "
            f"{root} (of {len(names):,} images, {len(lacking):,} are not there); set data.images to their folder"
        )
    paths = files.listed(found, root, path)
    parts, said = read_splits(table, split)
    used = {name, *skip, *([split or "split"] if said else [])}
    others = [one for one in table.columns.column_names if one not in used]
    notes = [f"column {name!r} lists images in {root.name or root}", *said]
    notes += [f"columns left out, because the inputs are images: {listed(others)}"] if others else []
    return Listing(paths, root, parts, tuple(notes))


def load(listing: Listing, given: Labeled, names: tuple[str, ...], size: int, rules: Rules) -> Dataset:
    """Return the images of a table as a data set.

    Args:
      listing: the images.
      given: the labels of all rows, and the true labels if they are known; without inputs.
      names: names of the classes.
      size: side of the images in pixels; see `images.survey`.
      rules: what the pixels mean.

    Raises:
      UserError: An image cannot be read, or labels are not classes.
    """
    training, testing, said = of_parts(listing.parts)
    rows, held = (training, testing), len(testing) > 0
    labels = {TRAIN: given.labels[rows[0]]}
    if given.clean is not None:
        labels[TRUE] = given.clean[rows[0]]
    if held:
        labels[TEST] = (given.labels if given.clean is None else given.clean)[rows[1]]
    found = classes(labels, names)
    paths = [[listing.paths[row] for row in part] for part in rows]
    form = images.survey([path for part in paths for path in part], size)
    truth = found.numbers.get(TRUE, np.full(len(rows[0]), -1))
    train = images.load("table-train", paths[0], found.numbers[TRAIN], form, truth, rules)
    test = images.load("table-test", paths[1], found.numbers[TEST], form, rules=rules) if held else None
    notes = (*listing.notes, *found.notes, *said)
    return Dataset(
        train.split,
        test.split if test else None,
        found.names,
        images.origin(paths[0], listing.root),
        Preparation(tuple(form), "uint8", range=rules.range, background=rules.background),
        (*notes, *images.notes(train.done + (test.done if test else Counter()), form, rules)),
    )


def _column(table: Table, skip: Collection[str], sure: bool) -> str:
    """Return the column whose values all end like images, or if images are `sure`, one with a usual name."""
    names = [name for name in table.columns.column_names if name not in skip]
    texts = [name for name in names if is_text(table.columns[name].type)]
    good = [name for name in texts if _are_images(table, name)]
    if len(good) > 1:
        raise UserError(f"data.file: the columns {listed(good)} have names of image files; set it to one of them")
    return good[0] if good else next((name for usual in _USUAL for name in names if sure and name.lower() == usual), "")


def _are_images(table: Table, name: str) -> bool:
    for rows in (table.columns.slice(0, 1), table.columns):  # the first row tells most columns that are others
        endings = {os.path.splitext(str(value).strip())[1].lower() for value in content(rows, name, "data.file")}
        if not endings or not endings <= ENDINGS:
            return False
    return True


def _existing(root: Path, name: str) -> str:
    """Return the name of a file in `root`, which a table may give without its ending; "" if there is none."""
    if not name or "\0" in name:
        return ""
    plain = name if os.path.lexists(root / name) else name.replace("\\", "/")
    endings = ("", *sorted(ENDINGS), *sorted(ending.upper() for ending in ENDINGS))
    return next((plain + ending for ending in endings if os.path.isfile(root / (plain + ending))), "")


def of_parts(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the rows of the training set and of the test set, i64[n] each, and notes about other rows.

    Args:
      parts: the split of each row, str[N].

    Raises:
      UserError: No row is for training.
    """
    held = sorted(set(parts.tolist()) - {"train"}, key=HELD.index)
    train = np.flatnonzero(parts == "train")
    if not len(train):
        raise UserError("data.split: no row is for training; call its split `train`")
    test = np.flatnonzero(parts == held[0]) if held else np.arange(0)
    unread = f"rows of the splits {listed(held[1:])} were not read, because {held[0]!r} is the test set" if held else ""
    return train, test, [unread] if held[1:] else []


def read_splits(table: Table, split: str) -> tuple[np.ndarray, list[str]]:
    """Return the split of each row, str[N], and notes: empty if no column was used.

    Args:
      table: the table.
      split: name of the column of splits; "" takes `split` if there is one.

    Raises:
      UserError: There is no such column, or a value is not the name of a split.
    """
    name, rows = split or "split", table.columns
    if name not in rows.column_names:
        if split:
            raise UserError(f"data.split: no column {split!r}; the table has {', '.join(rows.column_names[:20])}")
        return np.full(len(rows), "train"), []
    values = ["" if value is None else str(value).strip() for value in content(rows, name, "data.split")]
    parts = np.array([split_of(value) for value in values])
    if (parts == "").any():
        row = int(np.argmax(parts == ""))
        raise UserError(
            f"data.split: {table.place(row)} has the split {values[row]!r}; give train, test or {', '.join(HELD[2:])}"
        )
    counts = ", ".join(f"{count:,} {part}" for part, count in Counter(parts.tolist()).items())
    return parts, [f"column {name!r} has the splits: {counts}"]
