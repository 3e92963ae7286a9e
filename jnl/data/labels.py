"""Check labels of any form and turn them into class numbers."""

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from jnl.data.missing import DASHES, is_missing
from jnl.data.notes import doubt
from jnl.support.errors import UserError
from jnl.support.text import listed, number

TRAIN, TRUE, TEST = "training labels", "true labels", "test labels"
_LOST = ("None", "nan", "NaN", "<NA>", "NaT")  # the objects that stand for a missing value, as text
_LONGEST = 1000  # most characters of a class name: in an array, each label takes the memory of the longest one
_MOST = 2**15  # largest number of classes: more are hardly class labels, and matrices of C x C would be too large


class Classes(NamedTuple):
    """Classes and the labels of each part of the data."""

    names: tuple[str, ...]
    numbers: dict[str, np.ndarray]  # part -> i32[N] from 0; of the true labels also -1 (unknown) and C (no class)
    notes: tuple[str, ...]


def classes(given: Mapping[str, np.ndarray], names: tuple[str, ...]) -> Classes:
    """Return the class names, and the class numbers of the labels of each part of the data.

    Args:
      given: the labels of each part, `TRAIN` and perhaps `TRUE` and `TEST`: see `_labels`.
      names: names of all classes. If it is empty, number labels have the classes from 0 (or from 1, if there is no 0 in
        any part) to the largest training label; string labels have the strings in the training and true labels, in
        the order of `sorted_names`; and one-hot labels have a class for each column.

    Raises:
      UserError: Labels have another form, a label is missing or not one of the classes, there are too many classes, two
        classes have one name, or the training set has only one class.
    """
    said = list[str]()
    names = names or _columns(given)
    labels = {part: _labels(array, part, names, said) for part, array in given.items()}
    words = {part for part, array in labels.items() if array.dtype.kind == "U"}
    if words and (others := sorted(labels.keys() - words)):
        raise UserError(
            f"data: {sorted(words)[0]} are names, but {others[0]} are numbers; give names or numbers for both"
        )
    training = np.unique(labels[TRAIN])
    first = 0
    if words:
        names = names or sorted_names(map(str, np.union1d(training, labels.get(TRUE, training))))
        said += alike_names(names, "data")
    else:
        first = _first(labels, names)
        names = names or _numbered(training, first)
        if first:
            said.append(f"labels from {first} to {first + len(names) - 1} were numbered from 0, because none is 0")
    if len(names) > _MOST:
        raise UserError(
            f"data: there are {len(names):,} classes, more than {_MOST:,}; give classes, not a name for each example"
        )
    if len(set(names)) < len(names):
        raise UserError("data: two classes have the same name; give each class its own name")
    if len(training) < 2:
        raise UserError(f"data: all training labels are {training[0]}; give labels of at least 2 classes")
    numbers = _numbers(labels, names, bool(words), first)
    if lacking := len(names) - len(np.unique(numbers[TRAIN])):
        said.append(f"classes without a training example: {lacking:,} of {len(names):,}")
    return Classes(names, numbers, tuple(said))


def sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in alphabetical order, or in the order of their values if all are whole numbers."""
    names = sorted(names)
    if all(re.fullmatch(r"[+-]?[0-9]+", name) for name in names):
        names.sort(key=int)
    return tuple(names)


def categories(labels: object, clean: np.ndarray | None = None) -> tuple[str, ...]:
    """Return the categories of labels in their order as names of classes, or nothing if labels have no such order.

    Classes that only the true labels have come after the categories.

    Args:
      labels: a pandas Categorical, or a pandas or polars series or frame with one column. The categories of pandas and
        of an Enum of polars have an order. A Categorical of polars has the order of appearance, which means nothing.
      clean: true labels [N], if they are known.

    Raises:
      UserError: The categories are numbers in another order than the order of their values.
    """
    types = np.array(getattr(labels, "dtypes", getattr(labels, "dtype", None)), object).ravel()
    found = getattr(types[0], "categories", None) if len(types) == 1 else None
    names = list(found) if isinstance(found, Iterable) else []
    numbers = all(isinstance(name, Real) and not isinstance(name, bool) for name in names)
    if numbers and names != sorted(names):
        raise UserError(
            f"labels: the categories are the numbers {listed(list(map(str, names)))}, which are not in ascending "
            "order; sort them, or give texts as categories"
        )
    if not all(isinstance(name, str) for name in names):
        return ()  # labels that are numbers have the order of their values
    tidy = list(dict.fromkeys(map(tidied, names)))
    if tidy and clean is not None and clean.dtype.kind == "U":
        tidy += sorted_names(set(map(tidied, clean.ravel().tolist())) - set(tidy))
    return tuple(name for name, lost in zip(tidy, _are_missing(tidy), strict=True) if not lost)


def _numbers(
    labels: Mapping[str, np.ndarray], names: tuple[str, ...], words: bool, first: int
) -> dict[str, np.ndarray]:
    """Return the class numbers of checked labels; `first` is the label of class 0."""
    count = len(names)
    called: Sequence[str | int] = names if words else range(first, first + count)
    position = {label: place for place, label in enumerate(called)}
    numbers = {}
    for part, array in labels.items():
        known = position if words or part != TRUE else {**position, -1: -1, first + count: count}
        if lacking := [label for label in np.unique(array).tolist() if label not in known]:
            also = f"; -1 (unknown) and {first + count} (none of the classes) are also valid"
            raise UserError(
                f"data: {part} contain {lacking[0]!r}, which is not one of the {count} classes "
                f"{', '.join(names[:10])}{also if known is not position else ''}"
            )
        numbers[part] = np.array([known[label] for label in array.tolist()], np.int32)
    return numbers


def _first(labels: Mapping[str, np.ndarray], names: tuple[str, ...]) -> int:
    """Return the label of the first class: 1 if the classes are numbered from 1, else 0."""
    least = min(int(array[array >= 0].min(initial=_MOST)) for array in labels.values())
    if least != 1 or min(labels[TRAIN]) < 0:
        return 0
    return int(not names or max(int(array.max()) for part, array in labels.items() if part != TRUE) == len(names))


def _numbered(training: np.ndarray, first: int) -> tuple[str, ...]:
    """Return the names of the classes from `first` to the largest of the different training labels, i64[n]."""
    least, most = training[0], training[-1]
    if least < 0:
        raise UserError(f"data: training labels go from {least} to {most}; give classes 0 to C - 1")
    if most >= min(10 * len(training) + 100, _MOST):
        raise UserError(
            f"data: training labels go from {least} to {most} in {len(training):,} different values; renumber them "
            "from 0, or give names"
        )
    return tuple(str(label) for label in range(first, most + 1))


def _labels(labels: np.ndarray, part: str, names: tuple[str, ...], said: list[str]) -> np.ndarray:
    """Return checked labels as i64[N] or str[N], and add to `said` what was changed.

    Args:
      labels: whole numbers of any type, booleans, bytes, strings or objects, [N] or [N, 1]; or one-hot rows [N, C].
      part: what the array holds, for messages.
      names: the names of the classes, if they are given; a class may have the name of a missing value.
      said: sentences about what was read.
    """
    form = f"data: {part} are {labels.dtype} of shape {labels.shape}; give whole numbers or names of shape [N]"
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if _has_columns(labels):
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all()) or len(labels) == labels.shape[1]:
            raise UserError(form)
        if labels.shape[1] != len(names):
            raise UserError(
                f"data: {part} have {labels.shape[1]} columns for {len(names)} classes; give one for each class"
            )
        said.append(f"{part} have a column for each class (one-hot); the class of a row is the column with 1")
        return labels.argmax(1).astype(np.int64)
    if labels.ndim != 1 or not labels.size:
        raise UserError(form)
    if labels.dtype.kind == "O":
        labels = _of_objects(labels, part, form)
    if labels.dtype.kind == "f":
        _refuse_missing(np.isnan(labels), part, "nan")
        if not np.isfinite(labels).all() or (labels != np.rint(labels)).any() or np.abs(labels).max() > 2**53:
            raise UserError(form)
        said.append(f"{part} are whole numbers stored as {labels.dtype}")
    if labels.dtype.kind not in "iubfUS":
        raise UserError(form)
    if labels.dtype.kind == "u" and labels.size and labels.max() >= 2**63:
        raise UserError(f"data: {part} have a number as large as {labels.max()}; give whole numbers from 0")
    labels = decoded(labels, part)
    return _tidy(labels, part, names, said) if labels.dtype.kind == "U" else labels.astype(np.int64)


def _has_columns(labels: np.ndarray) -> bool:
    """Return whether labels have a column for each class."""
    return labels.ndim == 2 and labels.shape[1] != 1 and bool(labels.size) and labels.dtype.kind in "biuf"


def _columns(given: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Return the numbers of the columns of one-hot labels as names, or nothing if no part has columns."""
    return next((tuple(map(str, range(array.shape[1]))) for array in given.values() if _has_columns(array)), ())


def _of_objects(labels: np.ndarray, part: str, form: str) -> np.ndarray:
    """Return labels of Python objects as numbers or strings."""
    values = labels.tolist()
    _refuse_missing(np.array([str(value) in _LOST for value in values]), part, "None or nan")
    if all(isinstance(value, str) for value in values):
        refuse_long(values, part)
        return np.array(values)
    if all(isinstance(value, int | float) for value in values):
        return np.array(values)
    raise UserError(form)


def refuse_long(labels: Iterable[str], part: str) -> None:
    """Raise `UserError` if a label is too long for the name of a class.

    Args:
      labels: the labels.
      part: what they are, for the message.
    """
    longest = max(labels, key=len)
    if len(longest) > _LONGEST:
        raise UserError(
            f"data: one of the {part} has {len(longest):,} characters and begins with {longest[:30]!r}; give names of "
            f"classes, of at most {_LONGEST:,} characters"
        )


def _tidy(labels: np.ndarray, part: str, names: tuple[str, ...], said: list[str]) -> np.ndarray:
    """Return names without spaces around them, in one Unicode form; raise `UserError` if one is missing."""
    if labels.itemsize > 4 * _LONGEST:  # 4 bytes for a character
        refuse_long(labels.tolist(), part)
    different, position = np.unique(labels, return_inverse=True)
    tidy = [tidied(name) for name in different.tolist()]
    lost = np.array([name not in names for name in tidy]) & _are_missing(tidy)
    if lost.any():
        _refuse_missing(lost[position], part, tidy[position[np.argmax(lost[position])]])
    changed = np.array([new != old for new, old in zip(tidy, different.tolist(), strict=True)])
    if count := int(changed[position].sum()):
        said.append(f"{count:,} {part} had spaces around the name, or another form of the same characters")
    return np.array(tidy)[position]


def _are_missing(tidy: Sequence[str]) -> np.ndarray:
    """Return which of the different names stand for a missing value, bool[n]. A dash is a class if "+" is one."""
    return np.array([is_missing(name) and not (name in DASHES and "+" in tidy) for name in tidy], bool)


def tidied(name: str) -> str:
    """Return the name of a class without spaces around it, in the composed form of Unicode."""
    return unicodedata.normalize("NFC", name).strip()


def tidied_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of classes as `tidied` has them, or as they are if two of them would become one."""
    tidy = tuple(map(tidied, names))
    return tidy if len(set(tidy)) == len(set(names)) else tuple(names)


def alike_names(names: Iterable[str], field: str) -> list[str]:
    """Return doubts about names of classes that differ only in case, spaces or the form of the same characters."""
    groups = defaultdict[str, set[str]](set)
    for name in names:
        groups[" ".join(unicodedata.normalize("NFKC", name).casefold().split())].add(name)
    return [
        doubt(f"{field}: the classes {listed(sorted(group))} have almost the same name; make them one if they are")
        for group in groups.values()
        if len(group) > 1
    ]


def _refuse_missing(lost: np.ndarray, part: str, spelling: str) -> None:
    """Raise `UserError` if a label is missing."""
    if lost.any():
        raise UserError(
            f"data: {part} are missing ({spelling!r}) in {number(int(lost.sum()), 'row')}, first in row "
            f"{int(lost.argmax())} (the first row is 0); leave these examples out, or rename the class if it is one"
        )


def decoded(array: np.ndarray, part: str) -> np.ndarray:
    """Return an array of bytes as text, and any other array unchanged.

    Args:
      array: an array of any dtype.
      part: what the array holds, for error messages, such as "training labels".

    Raises:
      UserError: Bytes are not UTF-8, or text holds code points that are not characters.
    """
    if array.dtype.kind == "U" and array.dtype.itemsize:  # NumPy reads code points from files without a check
        numbers = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).ravel().view(np.uint32)
        if numbers.max(initial=0) > sys.maxunicode:
            raise UserError(f"data: {part} contain numbers that are not characters; save them as text")
    try:
        return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    except UnicodeDecodeError as error:
        raise UserError(f"data: {part} are bytes that are not UTF-8 ({error}); save them as text") from error
