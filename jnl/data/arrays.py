"""Check arrays of inputs and labels and turn them into splits. All data of users pass through this file."""

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np
from jax import Array

from jnl.core.errors import UserError
from jnl.data.dataset import Dataset, Split
from jnl.data.preparation import Preparation

_TRAIN, _TRUE, _TEST = "training labels", "true labels", "test labels"
_AT_ONCE = 2**16  # number of rows that are checked together, which limits the memory
_MOST = 2**15  # largest number of classes: more are hardly class labels, and matrices of C x C would be too large


def split(inputs: np.ndarray, labels: np.ndarray, clean: np.ndarray | None = None) -> Split:
    """Return a Split of inputs and labels.

    Args:
      inputs: images u8[N, H, W, channels], features f32[N, D] or tokens i32[N, T].
      labels: integers [N] that training sees.
      clean: integers [N], the true labels. None means that `labels` are true.
    """
    seen = np.asarray(labels, np.int32)
    truth = seen if clean is None else np.asarray(clean, np.int32)
    return Split(cast(Array, inputs), cast(Array, seen), cast(Array, truth))


class Labelled(NamedTuple):
    """The arrays of a training or test set as a user supplies them."""

    inputs: np.ndarray
    labels: np.ndarray  # integers or strings [N]
    clean: np.ndarray | None = None  # true labels, if known; if numbers, -1 is unknown and C is no class (open-set)


def dataset(
    train: Labelled,
    test: Labelled | None,
    class_names: tuple[str, ...] = (),
    standardize: bool = False,
    columns: Mapping[str, Sequence[str]] | None = None,
) -> Dataset:
    """Return a checked data set whose labels are 0 to C - 1 and whose inputs are one of the three kinds of a Split.

    Args:
      train: training arrays. If they have no true labels, the truth of every training example is unknown (-1).
      test: test arrays with true labels, or None.
      class_names: names of the classes 0 to C - 1. If it is empty, number labels have the classes from 0 to the largest
        training label; string labels have the strings in the training and true labels, in alphabetical order.
      standardize: give each feature mean 0 and variance 1 over the training set. Images and tokens do not change.
      columns: the columns of the table that the features come from; None if they come from no table.

    Raises:
      UserError: Shapes or dtypes do not fit each other, inputs are not numbers, a label is not one of the classes,
        there are too many classes, two classes have one name, or the training set has only one class.
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
            f"data: training inputs are {inputs.dtype} {inputs.shape[1:]}, but test inputs are {others.dtype} "
            f"{others.shape[1:]}; give both the same type and shape"
        )
    truth = numbers.get(_TRUE, np.full(len(inputs), -1, np.int32))
    if len(truth) != len(inputs):
        raise UserError(f"data: {len(inputs):,} training inputs and {len(truth):,} true labels; give one for each")
    form = Preparation(inputs.shape[1:], str(inputs.dtype), columns=columns or {})
    if standardize and inputs.dtype == np.float32:
        inputs, others, form = _standardized(inputs, others, form)
    return Dataset(
        split(inputs, numbers[_TRAIN], truth),
        None if others is None else split(others, numbers[_TEST]),
        names,
        preparation=form,
    )


def checked(dataset: Dataset, owner: str) -> Dataset:
    """Return a data set after the checks that all data must pass, whoever made it.

    Args:
      dataset: the data set.
      owner: start of an error message, such as "data.name: 'mnist'".

    Raises:
      UserError: A split is empty, inputs and labels differ in number, inputs are not uint8, float32 or int32, a label
        is not a class, or an input is not finite.
    """
    for which, split in (("training", dataset.train), ("test", dataset.test)):
        if split is None:
            continue
        if not len(split.inputs) == len(split.labels) == len(split.clean):
            raise UserError(
                f"{owner} has {len(split.inputs):,} {which} inputs, {len(split.labels):,} labels and "
                f"{len(split.clean):,} true labels; give one label for each input"
            )
        if split.inputs.dtype not in (np.uint8, np.float32, np.int32):
            raise UserError(
                f"{owner} has {which} inputs of type {split.inputs.dtype}; give uint8 images, float32 features or "
                "int32 tokens"
            )
        if not len(split.labels):
            raise UserError(f"{owner} has no {which} examples; add some")
        if not 0 <= split.labels.min() <= split.labels.max() < len(dataset.class_names):
            raise UserError(f"{owner} has {which} examples without a label; leave them out")
        if np.issubdtype(split.inputs.dtype, np.floating):
            for begin in range(0, len(split.inputs), _AT_ONCE):
                if not np.isfinite(split.inputs[begin : begin + _AT_ONCE]).all():
                    raise UserError(f"{owner} has non-finite {which} inputs; remove or fill NaN and infinite values")
    return dataset


def _standardized(
    inputs: np.ndarray, others: np.ndarray | None, form: Preparation
) -> tuple[np.ndarray, np.ndarray | None, Preparation]:
    """Standardize each column over the training set: f32[N, D], f32[M, D] -> the same shapes, and the form.

    A column that is constant in the training set is shifted to mean 0 and not scaled.
    """
    with np.errstate(all="ignore"):  # `data.load` reports values that are not finite
        mean, std = inputs.mean(0, np.float64), inputs.std(0, np.float64)
        std[inputs.min(0) == inputs.max(0)] = 1  # because rounding can leave a value slightly above 0
        form = form._replace(mean=tuple(mean.tolist()), std=tuple(std.tolist()))
        return form.standardized(inputs), None if others is None else form.standardized(others), form


def _inputs(inputs: np.ndarray, labels: np.ndarray, part: str) -> np.ndarray:
    """Return checked inputs as u8[N, H, W, channels], f32[N, D] or i32[N, T]. `part` is for error messages."""
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
            raise UserError(
                f"data: {part} inputs are int32 with two axes, so they are tokens, but some are negative; give tokens "
                "from 0, or float32 numbers"
            )
        return inputs.astype(np.int32, copy=False)  # int32 numbers are the tokens of a text
    with np.errstate(over="ignore"):  # too large values become infinite, which `data.load` reports
        return inputs.astype(np.float32, copy=False)


def _classes(given: dict[str, np.ndarray], names: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Return the class names and, for each part of the data, the class numbers of its labels, i32[N]."""
    labels = {part: _labels(array, part) for part, array in given.items()}
    words = {part for part, array in labels.items() if array.dtype.kind == "U"}
    if words and (others := sorted(labels.keys() - words)):
        raise UserError(
            f"data: {sorted(words)[0]} are names, but {others[0]} are numbers; give names or numbers for both"
        )
    training = np.unique(labels[_TRAIN])
    if words:
        names = names or tuple(map(str, np.union1d(training, labels.get(_TRUE, training))))
    else:
        names = names or _numbered(training)
    if len(names) > _MOST:
        raise UserError(
            f"data: there are {len(names):,} classes, more than {_MOST:,}; give classes, not a name for each example"
        )
    if len(set(names)) < len(names):
        raise UserError("data: two classes have the same name; give each class its own name")
    if len(training) < 2:
        raise UserError(f"data: all training labels are {training[0]}; give labels of at least 2 classes")
    count = len(names)
    classes: Sequence[str | int] = names if words else range(count)
    position = {label: number for number, label in enumerate(classes)}
    numbers = {}
    for part, array in labels.items():
        known = position if words or part != _TRUE else {**position, -1: -1, count: count}
        if lacking := [label for label in np.unique(array).tolist() if label not in known]:
            more = f"; -1 (unknown) and {count} (none of the classes) are also valid" if known is not position else ""
            raise UserError(
                f"data: {part} contain {lacking[0]!r}, which is not one of the {count} classes "
                f"{', '.join(names[:10])}{more}"
            )
        numbers[part] = np.array([known[label] for label in array.tolist()], np.int32)
    return names, numbers


def _numbered(training: np.ndarray) -> tuple[str, ...]:
    """Return the class names "0" to "C - 1" for the different training labels in ascending order, i64[n]."""
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
    """Return checked labels: integers, booleans, bytes or strings [N] -> i64[N] or str[N]."""
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iubUS":
        raise UserError(
            f"data: {part} are {labels.dtype} of shape {labels.shape}; give whole numbers or names of shape [N]"
        )
    labels = decoded(labels, part)
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)


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
