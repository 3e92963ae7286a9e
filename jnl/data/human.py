"""Labels by people for images of a prepared data set."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from jnl.data import tfds_reader
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.tfds_reader import Folder, by_id
from jnl.errors import UserError, unknown


def read(
    name: str, with_labels: str, dir: Folder, file: str, labels: str, known: tuple[str, ...], truth: str
) -> Dataset:
    """The data set `name` with the training labels called `labels`, in the order of the original files.

    From an .npz `file` beside the images of `name`, else from the TFDS data set `with_labels`, which has both.

    Raises:
      UserError: unknown labels, a file that cannot be read, or labels whose `truth` is not that of the images.
    """
    if labels not in known:
        raise unknown("data.labels", labels, list(known))
    clean = tfds_reader.read(name, dir, by_id)
    arrays = _from_file(Path(file), labels, truth) if file else _from_tfds(with_labels, dir, labels)
    if not np.array_equal(arrays[truth if file else "label"], clean.train.labels):
        raise UserError(
            f"data.file: {file or with_labels} is in another order than the images, or of other images; use the labels "
            "in the order of the original training set"
        )
    return clean._replace(train=split(np.asarray(clean.train.inputs), arrays[labels], np.asarray(clean.train.clean)))


def _from_file(path: Path, *keys: str) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in keys}
    except (OSError, ValueError, EOFError, BadZipFile, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"data.file: {path} is no .npz file with {' and '.join(keys)} ({error})") from error


def _from_tfds(name: str, dir: Folder, labels: str) -> dict[str, np.ndarray]:
    return tfds_reader.labels_of(name, dir, "train", ("label", labels), by_id)
