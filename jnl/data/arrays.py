"""Check arrays of inputs and labels and turn them into splits. All data of users pass through this file."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from jax import Array

from jnl.data.dataset import Dataset, Split
from jnl.data.inputs import Inputs, row_numbers
from jnl.data.inputs import read as read_inputs
from jnl.data.labels import TEST, TRAIN, TRUE, classes
from jnl.data.notes import doubt
from jnl.data.preparation import Preparation, refuse_overflow
from jnl.support.errors import UserError

_AT_ONCE = 2**16  # number of rows that are checked together, which limits the memory


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


class Labeled(NamedTuple):
    """The arrays of a training or test set as a user supplies them."""

    inputs: np.ndarray
    labels: np.ndarray  # integers or strings [N]
    clean: np.ndarray | None = None  # true labels, if known; if numbers, -1 is unknown and C is no class (open-set)


def dataset(
    train: Labeled,
    test: Labeled | None,
    class_names: tuple[str, ...] = (),
    standardize: bool = False,
    form: Preparation | None = None,
    kind: str = "",
    limits: tuple[float, ...] = (),
) -> Dataset:
    """Return a checked data set whose labels are 0 to C - 1 and whose inputs are one of the three kinds of a Split.

    Args:
      train: training arrays. If they have no true labels, the truth of every training example is unknown (-1).
      test: test arrays with true labels, or None.
      class_names: names of all classes; see `labels.classes`.
      standardize: give each feature mean 0 and variance 1 over the training set. Images and tokens do not change.
      form: how new inputs become features, if these come from a table.
      kind: what the inputs are; "" follows their form, see `inputs.read`.
      limits: the values of black and white in images; see `convert.images`.

    Raises:
      UserError: Shapes or dtypes do not fit each other, inputs are not numbers, a label is not one of the classes,
        there are too many classes, two classes have one name, or the training set has only one class.
    """
    given = {TRAIN: train.labels}
    if train.clean is not None:
        given[TRUE] = train.clean
    if test is not None:
        given[TEST] = test.labels
    found = classes(given, class_names)
    read = _read(train, "training", kind, limits)
    inputs, others = read.inputs, None
    notes = read.notes + (row_numbers(inputs) if form is None else ())  # of a table they were left out before
    if test is not None:
        held = _read(test, "test", kind, read.limits or limits)
        others, notes = held.inputs, (*notes, *held.notes[1:])
        if (others.shape[1:], others.dtype.kind) != (inputs.shape[1:], inputs.dtype.kind):
            raise UserError(
                f"data: training inputs are {inputs.dtype} {inputs.shape[1:]}, but test inputs are {others.dtype} "
                f"{others.shape[1:]}; give both the same type and shape"
            )
    truth = found.numbers.get(TRUE, np.full(len(inputs), -1, np.int32))
    if len(truth) != len(inputs):
        raise UserError(f"data: {len(inputs):,} training inputs and {len(truth):,} true labels; give one for each")
    form = form or Preparation((), "")
    if inputs.dtype.kind == "f":
        if standardize:
            form = _standardizing(inputs, form)
        else:
            notes += tuple(doubt(f"data: {sentence}") for sentence in rounded(inputs, form.feature_names()))
        inputs = _stored(inputs, form, "training")
        others = None if others is None else _stored(others, form, "test")
    form = form._replace(shape=inputs.shape[1:], dtype=str(inputs.dtype), range=read.limits)
    return Dataset(
        split(inputs, found.numbers[TRAIN], truth),
        None if others is None else split(others, found.numbers[TEST]),
        found.names,
        preparation=form,
        notes=(*notes, *found.notes),
    )


def _read(given: Labeled, part: str, kind: str, limits: tuple[float, ...]) -> Inputs:
    """Return the inputs of one part of the data. Raise `UserError` if there is not one label for each."""
    shape = given.inputs.shape
    if not shape or shape[0] != len(given.labels):
        raise UserError(
            f"data: {part} inputs {shape} and {len(given.labels):,} labels; give one label for each, and the examples "
            "as the first axis"
        )
    return read_inputs(given.inputs, part, kind, limits)


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
        least, most = split.labels.min(), split.labels.max()
        if not 0 <= least <= most < len(dataset.class_names):
            raise UserError(
                f"{owner} has {which} labels from {least} to {most}, but the classes are 0 to "
                f"{len(dataset.class_names) - 1}; leave out examples without a label"
            )
        if np.issubdtype(split.inputs.dtype, np.floating):
            for begin in range(0, len(split.inputs), _AT_ONCE):
                wrong = ~np.isfinite(split.inputs[begin : begin + _AT_ONCE])
                if wrong.any():
                    row, *place = np.argwhere(wrong)[0].tolist()
                    where = f"first in row {begin + row}, column {', '.join(map(str, place))} (the first is 0)"
                    raise UserError(
                        f"{owner} has non-finite {which} inputs, {where}; remove or fill NaN and infinite values"
                    )
    return dataset


def _stored(inputs: np.ndarray, form: Preparation, part: str) -> np.ndarray:
    """Return features of one part of the data as f32[N, D]. Raise `UserError` if one is too large or too small."""
    stored = form.single(inputs)
    refuse_overflow(inputs, stored, f"data: {part} inputs")
    return stored


def _standardizing(inputs: np.ndarray, form: Preparation) -> Preparation:
    """Return the form with mean and deviation of each column of the training inputs f[N, D].

    A column that is constant in the training set is shifted to mean 0 and not scaled.
    """
    with np.errstate(all="ignore"):  # `checked` reports values that are not finite, and they must not spread
        finite = inputs if np.isfinite(inputs.sum()) else np.where(np.isfinite(inputs), inputs, 0)
        mean, std = finite.mean(0, np.float64), finite.std(0, np.float64)
    std[~np.isfinite(std)] = 0  # the division then gives no finite number, and `_stored` refuses the column
    std[inputs.min(0) == inputs.max(0)] = 1  # because rounding can leave a value slightly above 0
    return form._replace(mean=tuple(mean.tolist()), std=tuple(std.tolist()))


def rounded(inputs: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return a sentence about each column of f64[N, D] in which float32 makes many different numbers equal."""
    sentences = []
    for number, column in enumerate(inputs.T if inputs.dtype == np.float64 else ()):
        most = np.nanmax(np.abs(column), initial=0)
        if not (most >= 2**24 or 0 < most < np.finfo(np.float32).tiny):  # between them, numbers are precise enough
            continue
        with np.errstate(over="ignore"):
            exact, single = len(np.unique(column)), len(np.unique(column.astype(np.float32)))
        if single <= 0.9 * exact:
            name = repr(names[number]) if names else number
            sentences.append(
                f"column {name} has {exact:,} different numbers, but only {single:,} in float32; subtract a constant, "
                "or standardize the columns"
            )
    return sentences
