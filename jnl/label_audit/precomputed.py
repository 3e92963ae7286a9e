"""Features and probabilities that a user has computed before an audit, checked and put in order."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from jnl.data.arrays import rounded
from jnl.data.convert import array
from jnl.data.labels import categories, tidied
from jnl.label_audit.features import about_zero
from jnl.support.errors import UserError, reason
from jnl.support.text import listed
from jnl.support.warn import warn

_LARGEST = 1e15  # the largest feature; sums of the squares of larger ones may not fit into float32
_LEAST_SPREAD = 1e-9  # of a column of features; squares of smaller differences may not fit into float32
_MISREAD = 0.1  # a warning says it if columns in alphabetical order predict so many more of the labels
_SCALES = 30  # a column of features that varies so many times as much as the others gets a warning


def saved_features(path: Path | None) -> np.ndarray | None:
    """Return the array in a file of embeddings, or None without a file.

    Raises:
      UserError: The file cannot be read, or is not an array.
    """
    if path is None:
        return None
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"--features: {path} is not an array ({reason(error)}); save it by numpy.save") from error


def features(values: ArrayLike) -> np.ndarray:
    """Return embeddings of the examples f32[N, D], moved if they are far from zero.

    Raises:
      UserError: These are no finite numbers, they are too large or too small, or all rows are the same.
    """
    given = _matrix(values, "features")
    if (large := np.abs(given) > _LARGEST).any():
        row, column = np.argwhere(large)[0]
        raise UserError(
            f"features: row {row}, column {column} has {given[row, column]:g}, which is too large for distances; fill "
            "in such values, or leave out the column"
        )
    moved = about_zero(given.astype(np.result_type(given, np.float32)))
    if wrong := rounded(moved, []):
        raise UserError(f"features: {wrong[0]}")
    if 0 < (most := np.ptp(moved, 0).max()) < _LEAST_SPREAD:
        raise UserError(
            f"features: the values of a column differ by at most {most:g}, which is too small for distances; multiply "
            "all values by a number"
        )
    moved = moved.astype(np.float32)
    _check_scales(moved)
    return moved


def _check_scales(features: np.ndarray) -> None:
    """Raise `UserError` if all features f[N, D] are the same. Warn if their columns have very different scales."""
    scales = np.where((features == features[0]).all(0), 0, features.std(0))  # rounding leaves more than 0
    if not scales.any():
        raise UserError("features: all rows are the same, so nothing tells a wrong label; give other features")
    middle = float(np.median(scales[scales > 0]))
    if scales.max() > _SCALES * middle:
        warn(
            f"features: column {scales.argmax()} varies {scales.max() / middle:,.0f} times as much as others, so it "
            "decides which examples are similar; standardize the columns, or give them as inputs"
        )


def probabilities(values: ArrayLike) -> np.ndarray:
    """Return probabilities of the classes f32[N, C], in the order that they have.

    Raises:
      UserError: These are no probabilities.
    """
    given = _matrix(values, "pred_probs")
    if (given < 0).any() or not np.allclose(given.sum(1), 1, atol=1e-2):
        raise UserError("pred_probs: some rows are not probabilities with the sum 1; give the softmax of the logits")
    return given.astype(np.float32)


def in_order(p: np.ndarray, given: ArrayLike | None, names: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """Return probabilities f32[N, C] in the order of the classes, if the columns that were given have their names.

    Args:
      p: f32[N, C] the probabilities in the order that was given.
      given: what the user gave, perhaps a frame with names of columns.
      names: names of the classes.
      labels: i[N] the labels, which warn of columns in alphabetical order if the classes have another order.

    Raises:
      UserError: There are more or fewer columns than classes, or the columns have other names than the classes.
    """
    if p.shape[1] != len(names):
        raise UserError(f"pred_probs: {p.shape[1]} columns for {len(names)} classes; give one for each class")
    titles = [str(column) for column in getattr(given, "columns", ())]  # numbers of classes too
    if sorted(titles) == sorted(names):
        return p[:, [titles.index(name) for name in names]]
    if titles and not are_numbers(titles):  # which pandas gives to columns without names
        raise UserError(
            f"pred_probs: the columns are {listed(titles)}, but the classes are {listed(names)}; name the columns "
            "after the classes, or give an array in the order of the classes"
        )
    predicted, alphabetical = p.argmax(1), np.argsort(names)
    as_read, otherwise = (predicted == labels).mean(), (alphabetical[predicted] == labels).mean()
    if otherwise > as_read + _MISREAD:
        warn(
            f"pred_probs: the columns were read as the classes {listed(names)}, in this order, and predict "
            f"{as_read:.0%} of the labels. In alphabetical order they would predict {otherwise:.0%}: give a frame "
            "whose columns have the names of the classes"
        )
    return p


def class_names(labels: ArrayLike, classes: int) -> list[str]:
    """Return the names of so many classes, or nothing if the labels do not say them.

    Args:
      labels: the labels. Categories name all classes, or those that have an example if there are so many of them.
        Whole numbers are classes from 0 or from 1.
      classes: the number of the columns of probabilities.
    """
    given = array(labels, "labels")
    if named := categories(labels):
        used = {tidied(str(label)) for label in given.ravel().tolist()}
        kept = [name for name in named if name in used]
        if not len(kept) == classes < len(named):
            return list(named)
        left_out = [name for name in named if name not in used]
        warn(f"pred_probs: no column for the categories without an example, which were left out: {listed(left_out)}")
        return kept
    if given.dtype.kind not in "iu" or not given.size:
        return []
    first = int(given.min() == 1 and given.max() == classes)
    return [str(number) for number in range(first, first + classes)]


def are_numbers(names: Sequence[str]) -> bool:
    """Return whether classes have no names but their numbers."""
    return list(names) == [str(number) for number in range(len(names))]


def _matrix(values: ArrayLike, name: str) -> np.ndarray:
    """Return finite numbers [N, D] of any type."""
    given = array(values, name)
    if given.ndim != 2 or not given.size or given.dtype.kind not in "biuf" or not np.isfinite(given).all():
        raise UserError(f"{name}: {given.dtype} of shape {list(given.shape)}; give finite numbers [N, D]")
    return given
