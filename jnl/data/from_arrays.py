"""Make a data set of arrays in memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from jnl.core.errors import UserError, unknown
from jnl.data import convert
from jnl.data.arrays import Labelled, checked, dataset
from jnl.data.dataset import Dataset

KINDS = ["features", "images", "tokens"]


def from_arrays(
    inputs: ArrayLike,
    labels: ArrayLike,
    *,
    test_inputs: ArrayLike | None = None,
    test_labels: ArrayLike | None = None,
    clean: ArrayLike | None = None,
    class_names: Sequence[str] = (),
    kind: str | None = None,
    standardize: bool = True,
) -> Dataset:
    """Return a data set of arrays: NumPy, JAX, PyTorch, pandas, lists, or anything else with `__array__`.

    Args:
      inputs: images [N, H, W] or [N, H, W, channels], numbers [N, D], or tokens [N, T].
      labels: the training labels [N]: whole numbers from 0, or names of classes. Some of them may be wrong.
      test_inputs: inputs of a test set. Without it, a tenth of the training set is held out to measure the accuracy.
      test_labels: true labels of the test set.
      clean: the true labels [N], if they are known; only metrics read them. If labels are numbers, -1 means unknown and
        C means none of the classes (open-set).
      class_names: names of the classes 0 to C - 1; without them, C - 1 is the largest training label.
      kind: `images`, `features` or `tokens`. None takes uint8 arrays with 3 or 4 axes and fractions from 0 to 1 with 3
        or 4 axes as images, int32 arrays with 2 axes as tokens, and other numbers with 2 axes as features.
      standardize: give each feature mean 0 and variance 1 over the training set.

    Returns:
      The data set, with images u8[N, H, W, channels], features f32[N, D] or tokens i32[N, T].

    Raises:
      UserError: Shapes or types do not fit each other, inputs are not numbers, or a label is not one of the classes.

    Example:
      >>> import jnl, numpy as np
      >>> images = np.random.default_rng(0).integers(0, 256, (100, 8, 8), np.uint8)
      >>> jnl.from_arrays(images, ["cat", "dog"] * 50).class_names
      ('cat', 'dog')
    """
    if kind is not None and kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    if (test_inputs is None) != (test_labels is None):
        missing = "test_labels" if test_labels is None else "test_inputs"
        raise UserError(f"{missing}: missing; give both test_inputs and test_labels, or neither")
    train = Labelled(
        _inputs(inputs, "inputs", kind), _labels(labels, "labels"), None if clean is None else _labels(clean, "clean")
    )
    test = None
    if test_inputs is not None and test_labels is not None:
        test = Labelled(_inputs(test_inputs, "test_inputs", kind), _labels(test_labels, "test_labels"))
    return checked(dataset(train, test, tuple(map(str, class_names)), standardize), "data")


def _labels(values: ArrayLike, name: str) -> np.ndarray:
    """Return labels as whole numbers or strings [N]."""
    labels = convert.array(values, name)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == labels.round()).all():
        return labels.astype(np.int64)
    return labels


def _inputs(values: ArrayLike, name: str, kind: str | None) -> np.ndarray:
    """Return inputs in one of the types that a data set stores, as far as they fit the kind."""
    inputs = convert.array(values, name)
    if inputs.dtype.kind not in "biuf":
        raise UserError(f"{name}: of type {inputs.dtype}; give numbers, and classes or words as numbers")
    if kind == "features":
        return inputs.astype(np.float32) if inputs.ndim == 2 else inputs
    if kind == "tokens":
        return convert.tokens(inputs, name)
    if kind is None and inputs.ndim not in (3, 4):
        return inputs
    return convert.images(inputs, name)
