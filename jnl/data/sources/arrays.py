"""Load a user's own arrays: `data.dir` is an .npz file or a folder of .npy files.

The .npy files are mapped, so they may be larger than the memory. The arrays have these names; other accepted names are
in parentheses:
- `train_inputs` (`inputs`, `x_train`, `x`, `images`): images [N, H, W], [N, H, W, channels] or [N, channels, H, W],
  numbers [N, D], or tokens [N, T] with `data.kind=tokens`
- `train_labels` (`labels`, `y_train`, `y`): whole numbers from 0 or 1, names of classes, [N], or one-hot rows [N, C]
- `test_inputs` (`x_test`), `test_labels` (`y_test`): a test set with true labels. Without it, a part of the training
  set is held out
- `train_clean` (`clean`, `y_true`): the true labels, if they are known; only metrics read them. If labels are numbers,
  -1 means unknown and C means none of the classes (open-set)
- `class_names`: names of the classes 0 to C - 1; without them, C - 1 is the largest training label

Two accepted names of one array, such as `labels` and `y`, must hold the same, unless one is the name before the
parentheses, which counts.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jnl.data import convert
from jnl.data.arrays import Labeled, dataset
from jnl.data.dataset import Dataset
from jnl.data.labels import decoded, tidied_names
from jnl.data.notes import doubt
from jnl.data.readers import files
from jnl.data.readers.pixels import parse_range
from jnl.support.errors import UserError
from jnl.support.paths import Folder
from jnl.support.text import listed

NOISY = True

_NAMES = {
    "train_inputs": ("train_inputs", "inputs", "x_train", "x", "images"),
    "train_labels": ("train_labels", "labels", "y_train", "y"),
    "test_inputs": ("test_inputs", "x_test"),
    "test_labels": ("test_labels", "y_test"),
    "train_clean": ("train_clean", "clean", "y_true"),
    "class_names": ("class_names",),
}


def load(dir: Folder = None, standardize: bool = True, kind: str = "", range: str = "") -> Dataset:
    """Load the arrays of a user.

    Args:
      dir: the .npz file or the folder of .npy files; it must be set.
      standardize: give each column of numbers [N, D] mean 0 and variance 1 over the training set.
      kind: `images`, `features` or `tokens`; "" takes 2 axes as features, and 3 or 4 axes as images.
      range: the values of black and white in images, such as "0,65535"; "" takes whole numbers from 0 to 255 as levels,
        and fractions from 0 to 1 by 0 and 1.

    Raises:
      UserError: Arrays are missing, cannot be read, or do not fit each other.
    """
    if dir is None:
        raise UserError("data.dir: not set; give the .npz file, or the folder of .npy files, with your arrays")
    found = files.arrays(Path(dir), "data.dir")
    doubles = [sentence for name in _NAMES for sentence in _doubles(name, found)]
    arrays = {name: found[key] for name, keys in _NAMES.items() for key in reversed(keys) if key in found}
    for name in ("train_inputs", "train_labels"):
        if name not in arrays:
            there = ", ".join(sorted(found)) or "nothing"
            raise UserError(f"data.dir: {dir} holds {there}; it lacks {' or '.join(_NAMES[name])}")
    if ("test_inputs" in arrays) != ("test_labels" in arrays):
        raise UserError(f"data.dir: {dir} holds test inputs or test labels, not both; add what is missing")
    test = Labeled(arrays["test_inputs"], arrays["test_labels"]) if "test_inputs" in arrays else None
    train = Labeled(arrays["train_inputs"], arrays["train_labels"], arrays.get("train_clean"))
    names: tuple[str, ...] = ()
    if "class_names" in arrays:
        given = convert.array(arrays["class_names"], "class names")
        if given.dtype.kind not in "USiu":
            raise UserError(f"data: class names are {given.dtype}; give texts")
        names = tidied_names([str(name) for name in decoded(given, "class names").ravel()])
    notes = tuple(
        f"{name} are the array {next(key for key in keys if key in found)!r}"
        for name, keys in _NAMES.items()
        if name in arrays and name not in found
    )
    notes += tuple(doubles)
    if hidden := sum(file.name.startswith(".") for file in Path(dir).glob("*.npy")):
        notes += (f"hidden files that were not read: {hidden:,}",)
    if unused := sorted(found.keys() - {key for keys in _NAMES.values() for key in keys}):
        notes += (f"arrays that were not read: {listed(unused)}",)
    made = dataset(train, test, names, standardize, kind=kind, limits=parse_range(range))
    return made._replace(notes=notes + made.notes)


def _doubles(name: str, found: Mapping[str, np.ndarray]) -> list[str]:
    """Return a note about each array that is not read because another is `name` too.

    Raises:
      UserError: They differ, and none has exactly this name.
    """
    first, *others = [key for key in _NAMES[name] if key in found] or [""]
    said = list[str]()
    for other in others:
        if np.array_equal(found[first], found[other]):
            said.append(f"the array {other!r} was not read, because it is the same as {first!r}")
        elif first == name:
            said.append(doubt(f"data.dir: the array {other!r} was not read, because {first!r} is there"))
        else:
            rest = ", the true ones to train_clean" if name == "train_labels" else ""
            use = "the one to train on" if name.startswith("train_") else "the right one"
            raise UserError(f"data.dir: it holds {first!r} and {other!r}, which differ; rename {use} to {name}{rest}")
    return said
