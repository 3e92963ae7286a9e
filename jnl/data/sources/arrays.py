"""Your own arrays: `data.dir` is an .npz file, or a folder of .npy files, which are mapped and may be of any size.

They are called (or what stands behind them):
- `train_inputs` (`inputs`, `x_train`, `x`): uint8 images [N, H, W] or [N, H, W, channels], numbers [N, D], or int32
  tokens [N, T]
- `train_labels` (`labels`, `y_train`, `y`): whole numbers from 0, or names, [N]
- `test_inputs` (`x_test`), `test_labels` (`y_test`): clean; if there are none, a part of the training set is held out
- `train_clean` (`clean`, `y_true`): the truth, if it is known; only metrics read it. Where labels are numbers, -1 is
  unknown and C of no class (open-set)
- `class_names`: names of the classes 0 to C - 1; without them, C - 1 is the largest of the training labels
"""

from pathlib import Path

from jnl.core.errors import UserError
from jnl.data.arrays import Labelled, dataset, decoded
from jnl.data.dataset import Dataset
from jnl.data.readers import files
from jnl.data.readers.tfds import Folder

NOISY = True

_NAMES = {
    "train_inputs": ("train_inputs", "inputs", "x_train", "x"),
    "train_labels": ("train_labels", "labels", "y_train", "y"),
    "test_inputs": ("test_inputs", "x_test"),
    "test_labels": ("test_labels", "y_test"),
    "train_clean": ("train_clean", "clean", "y_true"),
    "class_names": ("class_names",),
}


def load(dir: Folder = None, standardize: bool = True) -> Dataset:
    """`standardize`: numbers [N, D] get mean 0 and variance 1 over the training set."""
    if dir is None:
        raise UserError("data.dir: not set; give the .npz file, or the folder of .npy files, with your arrays")
    found = files.arrays(Path(dir), "data.dir")
    arrays = {name: found[key] for name, keys in _NAMES.items() for key in reversed(keys) if key in found}
    for name in ("train_inputs", "train_labels"):
        if name not in arrays:
            there = ", ".join(sorted(found)) or "nothing"
            raise UserError(f"data.dir: {dir} holds {there}; it lacks {' or '.join(_NAMES[name])}")
    if ("test_inputs" in arrays) != ("test_labels" in arrays):
        raise UserError(f"data.dir: {dir} holds test inputs or test labels, not both; add what is missing")
    test = Labelled(arrays["test_inputs"], arrays["test_labels"]) if "test_inputs" in arrays else None
    train = Labelled(arrays["train_inputs"], arrays["train_labels"], arrays.get("train_clean"))
    names = tuple(map(str, decoded(arrays["class_names"], "class names").ravel())) if "class_names" in arrays else ()
    return dataset(train, test, names, standardize)
