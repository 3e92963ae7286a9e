"""From arrays of any kind to checked splits: what a user's own data go through."""

import sys
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from jax import Array

from jnl.core.errors import UserError
from jnl.data.dataset import Dataset, Split

_TRAIN, _TRUE, _TEST = "training labels", "true labels", "test labels"
_MOST = 2**15  # classes; more are numbers or names of something else, and matrices of C x C follow


def split(inputs: np.ndarray, labels: np.ndarray, clean: np.ndarray | None = None) -> Split:
    """u8[N, H, W, channels], f32[N, D] or i32[N, T], integers [N] -> a Split; clean unless the truth is given."""
    seen = np.asarray(labels, np.int32)
    truth = seen if clean is None else np.asarray(clean, np.int32)
    return Split(cast(Array, inputs), cast(Array, seen), cast(Array, truth))


class Labelled(NamedTuple):
    """Arrays as a user has them."""

    inputs: np.ndarray
    labels: np.ndarray  # integers or strings [N]
    clean: np.ndarray | None = None  # the truth, if it is known; of numbers, -1: unknown, C: of no class (open-set)


def dataset(
    train: Labelled,
    test: Labelled | None,
    class_names: tuple[str, ...] = (),
    standardize: bool = False,
) -> Dataset:
    """Labels become 0..C-1 (strings in alphabetical order), inputs one of the three kinds a Split has.

    Numbers have the classes of `class_names`, else those up to the largest training label; strings those of
    `class_names`, else of the training labels and the truth. The truth of training labels is unknown (-1) unless given.
    `standardize`: features get mean 0 and variance 1 over the training set.

    Raises:
      UserError: shapes that do not fit each other, labels that are no classes, a test label that is no class of the
        training set, inputs that are no numbers.
    """
    given = {_TRAIN: train.labels}
    if train.clean is not None:
        given[_TRUE] = train.clean
    if test is not None:
        given[_TEST] = test.labels
    names, numbers = _classes(given, class_names)
    inputs = _inputs(train.inputs, train.labels, "training")
    others = None if test is None else _inputs(test.inputs, test.labels, "test")
    if others is not None and (others.shape[1:], others.dtype) != (inputs.shape[1:], inputs.dtype):
        raise UserError(
            f"data: training inputs are {inputs.dtype} {inputs.shape[1:]}, test inputs {others.dtype} "
            f"{others.shape[1:]}; make them alike"
        )
    truth = numbers.get(_TRUE, np.full(len(inputs), -1, np.int32))
    if len(truth) != len(inputs):
        raise UserError(f"data: {len(inputs):,} training inputs and {len(truth):,} true labels; give one for each")
    if standardize and inputs.dtype == np.float32:
        inputs, others = _standardized(inputs, others)
    return Dataset(
        split(inputs, numbers[_TRAIN], truth),
        None if others is None else split(others, numbers[_TEST]),
        names,
    )


def _standardized(inputs: np.ndarray, others: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean 0, variance 1; a column that is constant in training gets mean 0."""

    def scale(x: np.ndarray) -> np.ndarray:
        return ((x - mean) / std).astype(np.float32)

    with np.errstate(all="ignore"):  # what is not finite is told when the data set is complete
        mean, std = inputs.mean(0, np.float64), inputs.std(0, np.float64)
        std[inputs.min(0) == inputs.max(0)] = 1  # rounding leaves a little
        return scale(inputs), None if others is None else scale(others)


def _inputs(inputs: np.ndarray, labels: np.ndarray, part: str) -> np.ndarray:
    images = inputs.dtype == np.uint8 and inputs.ndim in (3, 4)
    if not images and (inputs.ndim != 2 or inputs.dtype.kind not in "biuf"):
        raise UserError(
            f"data: {part} inputs are {inputs.dtype} of shape {inputs.shape}; give uint8 images [N, H, W, channels] or "
            "numbers [N, D]"
        )
    if not inputs.size or len(inputs) != len(labels):
        raise UserError(f"data: {part} inputs {inputs.shape} and {len(labels):,} labels; give one label for each")
    if images:
        return inputs[..., None] if inputs.ndim == 3 else inputs
    if inputs.dtype.kind == "i" and inputs.dtype.itemsize == 4:
        if inputs.min() < 0:
            raise UserError(f"data: {part} inputs are int32 of two axes, which are tokens, and some are negative")
        return inputs.astype(np.int32, copy=False)  # of a text
    with np.errstate(over="ignore"):  # becomes infinite, which is told
        return inputs.astype(np.float32, copy=False)


def _classes(given: dict[str, np.ndarray], names: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """The class names, and all labels as i32[N] numbers of them."""
    labels = {part: _labels(array, part) for part, array in given.items()}
    words = {part for part, array in labels.items() if array.dtype.kind == "U"}
    if words and (others := sorted(labels.keys() - words)):
        raise UserError(f"data: {sorted(words)[0]} are names, {others[0]} numbers; make them alike")
    training = np.unique(labels[_TRAIN])
    if words:
        names = names or tuple(map(str, np.union1d(training, labels.get(_TRUE, training))))
    else:
        names = names or _numbered(training)
    if len(names) > _MOST:
        raise UserError(f"data: {len(names):,} classes, over {_MOST:,}; give labels, not a name for each example")
    if len(set(names)) < len(names):
        raise UserError("data: two classes have the same name; give each its own")
    if len(training) < 2:
        raise UserError(f"data: all training labels are {training[0]}; there is nothing to tell apart")
    count = len(names)
    classes: Sequence[str | int] = names if words else range(count)
    position = {label: number for number, label in enumerate(classes)}
    numbers = {}
    for part, array in labels.items():
        known = position if words or part != _TRUE else {**position, -1: -1, count: count}
        if lacking := [label for label in np.unique(array).tolist() if label not in known]:
            more = f", nor -1 (unknown) or {count} (of no class)" if known is not position else ""
            raise UserError(
                f"data: {part} have {lacking[0]!r}, which is none of the {count} classes {', '.join(names[:10])}{more}"
            )
        numbers[part] = np.array([known[label] for label in array.tolist()], np.int32)
    return names, numbers


def _numbered(training: np.ndarray) -> tuple[str, ...]:
    """The names "0" to "C - 1" for these different numbers in order."""
    least, most = training[0], training[-1]
    if least < 0:
        raise UserError(f"data: training labels go from {least} to {most}; give classes 0 to C - 1")
    if most >= min(10 * len(training) + 100, _MOST):
        raise UserError(
            f"data: training labels go from {least} to {most} in {len(training):,} different values; renumber them "
            "from 0, or give names"
        )
    return tuple(str(number) for number in range(most + 1))


def _labels(labels: np.ndarray, part: str) -> np.ndarray:
    """i64[N] or str[N]."""
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iubUS":
        raise UserError(
            f"data: {part} are {labels.dtype} of shape {labels.shape}; give whole numbers or names of shape [N]"
        )
    labels = decoded(labels, part)
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)


def decoded(array: np.ndarray, part: str) -> np.ndarray:
    """Bytes as text; other arrays as they are.

    Raises:
      UserError: bytes that are no UTF-8, or text of numbers that are no characters; names the `part` of the data.
    """
    if array.dtype.kind == "U" and array.dtype.itemsize:  # NumPy makes strings of whatever numbers are in a file
        numbers = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).ravel().view(np.uint32)
        if numbers.max(initial=0) > sys.maxunicode:
            raise UserError(f"data: {part} are numbers that are no characters; save them as text")
    try:
        return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    except UnicodeDecodeError as error:
        raise UserError(f"data: {part} are bytes that are no UTF-8 ({error}); save them as text") from error
