"""Read files whose classes are to be predicted."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.data.notes import data_warnings_hidden
from jnl.data.preparation import Preparation
from jnl.data.readers import files, image_files, images, tables
from jnl.data.readers.pixels import Rules
from jnl.support.errors import UserError, reason
from jnl.support.text import listed
from jnl.support.warn import warn

# names of the array in an .npz file or a folder of .npy files; the first that is there is taken
_ARRAYS = ("inputs", "test_inputs", "x", "x_test", "images", "train_inputs", "x_train")


class InputFile(NamedTuple):
    """Inputs of a file or folder, as the data set stores them, with a name for each."""

    stored: np.ndarray
    names: list[str]  # the file, or the number of the row


def read(path: Path, preparation: Preparation) -> InputFile:
    """Return the inputs in a file or folder.

    Args:
      path: for images a file, a folder, an .npy or an .npz file; for a table a .csv or .parquet file; for texts a .txt
        file with one text in each line; for numbers and tokens an .npy or .npz file.
      preparation: how the trained model takes inputs.

    Raises:
      UserError: if the inputs cannot be read or do not fit.
    """
    if not path.exists():
        raise UserError(f"{path}: does not exist; give a folder of images, an array, a table or a text file")
    is_image = path.suffix.lower() in image_files.ENDINGS
    if is_image and preparation.dtype != "uint8":
        raise UserError(f"{path}: an image, but the model takes {_wanted(preparation)}")
    if is_image or (path.is_dir() and preparation.dtype == "uint8"):
        return _images(path, preparation)
    if path.suffix.lower() in tables.ENDINGS:
        if not preparation.columns:
            raise UserError(f"{path}: a table, but the model takes {_wanted(preparation)}")
        return _numbered(preparation(path))
    if path.suffix.lower() == ".txt":
        if not preparation.words:
            raise UserError(f"{path}: texts, but the model takes {_wanted(preparation)}")
        try:
            with path.open(encoding="utf-8") as file:  # `str.splitlines` would also end lines at other characters
                lines = [line.rstrip("\n") for line in file]
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: cannot be read ({reason(error)}); give UTF-8 text") from error
        return _numbered(preparation(lines))
    if path.suffix.lower() == ".npy":
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{path}: not an array ({reason(error)}); save it by numpy.save") from error
        return _numbered(preparation(array))
    found = files.arrays(path, "inputs")
    names = [name for name in _ARRAYS if name in found]
    if not found and path.is_dir():
        raise UserError(f"{path}: a folder without arrays, but the model takes {_wanted(preparation)}")
    if not names:
        raise UserError(f"{path}: holds {', '.join(sorted(found)) or 'nothing'}; it lacks {' or '.join(_ARRAYS)}")
    if len(names) > 1:
        warn(f"{path}: the inputs are {names[0]!r}; the file also holds {listed(names[1:])}")
    return _numbered(preparation(found[names[0]]))


def _wanted(preparation: Preparation) -> str:
    """Return what a model takes, and which files hold it."""
    if preparation.dtype == "uint8":
        return "images; give their folder, or an .npy or .npz file"
    if preparation.words:
        tables = ", or a .csv or .parquet file" if preparation.columns else ""
        return f"texts; give a .txt file with one text in each line{tables}"
    if preparation.columns:
        return "a table; give a .csv or .parquet file"
    return f"{preparation.wanted()}; give an .npy or .npz file"


def _numbered(stored: np.ndarray) -> InputFile:
    return InputFile(stored, [str(row) for row in range(len(stored))])


def _images(path: Path, preparation: Preparation) -> InputFile:
    """Return one image, or the images at any depth in a folder, in the order of their paths."""
    form, rules = images.Form(*preparation.shape), Rules(preparation.background, preparation.range)
    found, done = image_files.find(path) if path.is_dir() else image_files.Found([path], Counter()), list[str]()
    if not found.paths:
        raise UserError(f"{path}: holds no images ({' '.join(sorted(image_files.ENDINGS))})")
    stored = np.zeros((len(found.paths), *form), np.uint8)
    images.into(stored, "images", found.paths, lambda file: images.read(file, form, rules, done, "inputs"))
    with data_warnings_hidden():  # the notes say the same
        notes = (*image_files.notes([found._replace(deeper=0)]), *images.notes(Counter(done), form, rules))
    for note in notes:
        warn(f"{path}: {note}")
    root = path if path.is_dir() else path.parent
    return InputFile(stored, [file.relative_to(root).as_posix() for file in found.paths])
