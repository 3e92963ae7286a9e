"""Make a data set of arrays in memory."""

from collections.abc import Iterable, Mapping, Sequence, Set

import numpy as np
from numpy.typing import ArrayLike

from jnl.data import convert
from jnl.data.arrays import Labeled, checked, dataset
from jnl.data.dataset import Dataset
from jnl.data.inputs import KINDS
from jnl.data.labels import categories, tidied_names
from jnl.data.notes import doubt
from jnl.data.readers.pixels import parse_range
from jnl.support.errors import UserError, unknown
from jnl.support.text import listed


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
    value_range: tuple[float, float] | None = None,
) -> Dataset:
    """Return a data set of arrays: NumPy, JAX, PyTorch, pandas, Arrow, lists, or anything else with `__array__`.

    Args:
      inputs: images [N, H, W], [N, H, W, channels] or [N, channels, H, W], numbers [N, D], or tokens [N, T]. Columns of
        a frame of pandas or polars, or of an Arrow table, keep their names: test inputs and later inputs may have them
        in another order.
      labels: the training labels [N]: whole numbers from 0 or 1, names of classes, or one-hot rows [N, C]. Some of them
        may be wrong.
      test_inputs: inputs of a test set. Without it, a tenth of the training set is held out to measure the accuracy.
      test_labels: true labels of the test set.
      clean: the true labels [N], if they are known; only metrics read them. If labels are numbers, -1 means unknown and
        C means none of the classes (open-set).
      class_names: names of the classes 0 to C - 1. Without names, C - 1 is the largest training label if labels are
        numbers. A pandas Categorical or a polars Enum of texts keeps the order of its categories, and a category
        without an example is a class too. Names that are whole numbers have the order of their values. Other names have
        the alphabetical order.
      kind: `images`, `features` or `tokens`. None takes arrays with 3 or 4 axes as images, and arrays with 2 axes as
        features.
      standardize: give each feature mean 0 and variance 1 over the training set.
      value_range: the values of black and white in images. None takes whole numbers from 0 to 255 as levels, and
        fractions from 0 to 1 by 0 and 1.

    Returns:
      The data set, with images u8[N, H, W, channels], features f32[N, D] or tokens i32[N, T]. Its `notes` say what was
      guessed and converted. It may share the memory of the arrays, so do not change them.

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
    if not isinstance(standardize, bool | np.bool_):
        raise UserError(f"standardize: {standardize!r}; give True or False")
    given = convert.array(clean, "clean") if clean is not None else None
    columns = _columns(inputs)
    train = Labeled(_numbers(inputs, "inputs"), convert.array(labels, "labels"), given)
    test = None
    if test_inputs is not None and test_labels is not None:
        held = _numbers(_in_order(test_inputs, columns), "test_inputs")
        test = Labeled(held, convert.array(test_labels, "test_labels"))
    limits = () if value_range is None else parse_range(",".join(map(str, _listed(value_range, "value_range"))))
    given_names = _listed(class_names, "class_names")
    names = tidied_names([name.decode() if isinstance(name, bytes) else str(name) for name in given_names])
    named = () if names else categories(labels, given)
    made = checked(dataset(train, test, names or named, standardize, kind=kind or "", limits=limits), "data")
    if named:
        made = made._replace(notes=(*made.notes, *_unused(named, made)))
    if not columns or made.preparation is None or made.preparation.dtype != "float32":
        return made
    return made._replace(preparation=made.preparation._replace(columns=dict.fromkeys(columns, ())))


def _unused(categories: Sequence[str], made: Dataset) -> tuple[str, ...]:
    """Return a doubt about categories that neither a label nor a true label has."""
    used = {*np.asarray(made.train.labels).tolist(), *np.asarray(made.train.clean).tolist()}
    unused = [name for place, name in enumerate(categories) if place not in used]
    if not unused:
        return ()
    return (
        doubt(
            f"labels: the categories {listed(unused)} have no example, but are classes; remove them if they are none "
            "(in pandas by cat.remove_unused_categories())"
        ),
    )


def _columns(values: object) -> tuple[str, ...]:
    """Return the names of the columns of a frame or Arrow table, or nothing if the values have no such names."""
    found = getattr(values, "column_names", None) or getattr(values, "columns", None)  # Arrow has the first
    names = tuple(found) if isinstance(found, Iterable) else ()
    return names if all(isinstance(name, str) for name in names) and len(set(names)) == len(names) else ()


def _in_order(test_inputs: ArrayLike, columns: tuple[str, ...]) -> ArrayLike:
    """Return test inputs whose columns have the order of the training inputs. Raise `UserError` if there are others."""
    own = _columns(test_inputs)
    if not own or not columns or own == columns:
        return test_inputs
    if others := sorted(set(own) ^ set(columns)):
        raise UserError(f"test_inputs: only one of inputs and test_inputs has the columns {listed(others)}; give both")
    if hasattr(test_inputs, "select"):  # Arrow and polars
        return test_inputs.select(list(columns))
    return test_inputs[list(columns)]  # type: ignore[index]


def _listed(values: Iterable[object], name: str) -> list[object]:
    """Return values as a list. Raise `UserError` if they have no order, or are one text."""
    if isinstance(values, str | bytes | Mapping | Set) or not isinstance(values, Iterable):
        raise UserError(f"{name}: {values!r}; give a list")
    return list(values)


def _numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Return inputs as an array of numbers."""
    inputs = convert.array(values, name)
    if inputs.dtype.kind not in "biuf":
        advice = "; a table with columns of words can be saved as a file and read with data=table" * (inputs.ndim == 2)
        raise UserError(f"{name}: of type {inputs.dtype}; give numbers, and classes or words as numbers{advice}")
    return inputs
