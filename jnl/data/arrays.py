"""From arrays of any kind to checked splits: what a user's own data go through."""

from typing import NamedTuple, cast

import numpy as np
from jax import Array

from jnl.data.dataset import Dataset, Split
from jnl.errors import UserError


def split(inputs: np.ndarray, labels: np.ndarray, clean: np.ndarray | None = None) -> Split:
    """u8[N, H, W, channels], f32[N, D] or i32[N, T], integers [N] -> a Split; clean unless the truth is given."""
    seen = np.asarray(labels, np.int32)
    truth = seen if clean is None else np.asarray(clean, np.int32)
    return Split(cast(Array, inputs), cast(Array, seen), cast(Array, truth))


class Given(NamedTuple):
    """Arrays as a user has them."""

    inputs: np.ndarray
    labels: np.ndarray  # integers or strings [N]
    clean: np.ndarray | None = None  # the truth, if it is known


def dataset(
    train: Given,
    test: Given | None,
    class_names: tuple[str, ...] = (),
    standardise: bool = False,
) -> Dataset:
    """Labels become 0..C-1 (strings in alphabetical order), inputs one of the three kinds a Split has.

    The truth of training labels is unknown (-1) unless given. `standardise`: features get mean 0 and variance 1 over
    the training set.

    Raises:
      UserError: shapes that do not fit each other, labels that are no classes, inputs that are no numbers.
    """
    given = {"training labels": train.labels}
    if train.clean is not None:
        given["true labels"] = train.clean
    if test is not None:
        given["test labels"] = test.labels
    names, numbers = _classes(given, class_names)
    inputs = _inputs(train.inputs, train.labels, "training")
    others = None if test is None else _inputs(test.inputs, test.labels, "test")
    if others is not None and others.shape[1:] != inputs.shape[1:]:
        raise UserError(
            f"data: training inputs are {inputs.shape[1:]}, test inputs {others.shape[1:]}; make them alike"
        )
    if standardise and inputs.ndim == 2 and inputs.dtype == np.float32:
        mean, std = inputs.mean(0, np.float64), inputs.std(0, np.float64)
        std[std == 0] = 1

        def scale(x: np.ndarray) -> np.ndarray:
            return ((x - mean) / std).astype(np.float32)

        inputs, others = scale(inputs), None if others is None else scale(others)
    truth = numbers.get("true labels", np.full(len(inputs), -1, np.int32))
    return Dataset(
        split(inputs, numbers["training labels"], truth),
        None if others is None else split(others, numbers["test labels"]),
        names,
    )


def _inputs(inputs: np.ndarray, labels: np.ndarray, part: str) -> np.ndarray:
    if not len(inputs) or len(inputs) != len(labels):
        raise UserError(f"data: {len(inputs):,} {part} inputs and {len(labels):,} labels; give one label for each")
    if inputs.dtype == np.uint8:
        inputs = inputs[..., None] if inputs.ndim == 3 else inputs
        if inputs.ndim == 4:
            return inputs
    if inputs.ndim < 2 or not (np.issubdtype(inputs.dtype, np.number) or inputs.dtype == bool):
        raise UserError(
            f"data: {part} inputs are {inputs.dtype} of shape {inputs.shape}; give uint8 images [N, H, W, channels] or "
            "numbers [N, D]"
        )
    if inputs.ndim == 2 and inputs.dtype == np.int32:
        if inputs.min() < 0:
            raise UserError(f"data: {part} inputs are int32 of two axes, which are tokens, and some are negative")
        return inputs  # of a text
    return inputs.astype(np.float32)


def _classes(given: dict[str, np.ndarray], names: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """The class names, and all labels as i32[N] numbers of them."""
    labels = {part: np.asarray(array) for part, array in given.items()}
    for part, array in labels.items():
        if array.ndim != 1 or array.dtype.kind not in "iubUS":
            raise UserError(
                f"data: {part} are {array.dtype} of shape {array.shape}; give whole numbers or names of shape [N]"
            )
    kinds = {array.dtype.kind in "US" for array in labels.values()}
    if len(kinds) > 1:
        raise UserError("data: some labels are names, others numbers; make them alike")
    if kinds == {True}:
        found = np.unique(np.concatenate([array.astype(str) for array in labels.values()]))
        names = names or tuple(found)
        position = {name: number for number, name in enumerate(names)}
        if unknown := [name for name in found if name not in position]:
            raise UserError(f"data: label {unknown[0]!r} is not among the class names {', '.join(names[:10])}")
        numbers = {
            part: np.array([position[name] for name in array.astype(str)], np.int32) for part, array in labels.items()
        }
    else:
        low, high = min(int(a.min(initial=0)) for a in labels.values()), max(int(a.max()) for a in labels.values())
        if low < 0 or high >= (len(names) or 100_000):
            raise UserError(f"data: labels go from {low} to {high}; give classes 0 to C - 1")
        names = names or tuple(str(number) for number in range(high + 1))
        numbers = {part: array.astype(np.int32) for part, array in labels.items()}
    if len(names) < 2:
        raise UserError(f"data: all labels are {names[0]!r}; there is nothing to tell apart")
    return names, numbers
