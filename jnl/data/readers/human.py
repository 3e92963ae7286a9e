"""Read labels that people gave to the images of a prepared data set."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers import files, tfds
from jnl.data.readers.tfds import by_id
from jnl.support.errors import UserError, unknown
from jnl.support.paths import Folder

TRUTH = "clean_label"  # name of the true labels in a file


def read(
    load: Callable[[Folder], Dataset], with_labels: str, dir: Folder, file: str, labels: str, known: Mapping[str, str]
) -> Dataset:
    """Return a data set whose training labels were given by people, in the order of the original files.

    Args:
      load: function that loads the images from a folder, used with a `file` of labels.
      with_labels: TFDS data set with both the images and the labels, used without a `file`.
      dir: folder of the prepared TFDS files or, with a `file`, of the original images; None is the TFDS directory.
      file: .npz, .npy or .pt file with the labels and, as `clean_label`, the true labels; "" for none.
      labels: name of the labels to use.
      known: names of the labels that exist -> their names in TFDS.

    Raises:
      UserError: The labels are unknown or not classes, a file cannot be read, or its true labels do not
        match the images.
    """
    if labels not in known:
        raise unknown("data.labels", labels, list(known))
    clean = load(dir) if file else tfds.read(with_labels, dir, by_id)
    if file:
        found = files.arrays(Path(file), "data.file", (labels, TRUTH))
        seen, source = found[labels], f"{Path(file).name}, whose true labels are those of the images"
        if not np.array_equal(found[TRUTH], clean.train.labels):
            raise UserError(
                f"data.file: {file} does not have the images of this data set in the same order; use the labels in the "
                "order of the original training set"
            )
    else:
        seen, source = tfds.labels_of(with_labels, dir, "train", known[labels], by_id), "the prepared TFDS files"
    truth, classes = np.asarray(clean.train.clean), len(clean.class_names)
    if seen.shape != truth.shape or not np.issubdtype(seen.dtype, np.integer):
        raise UserError(f"data.file: {labels} are {seen.dtype} {seen.shape}, not a whole number for each image")
    if file and not 0 <= seen.min() <= seen.max() < classes:
        raise UserError(f"data.file: {labels} go from {seen.min()} to {seen.max()}; give 0 to {classes - 1}")
    notes = (*clean.notes, f"the training labels are {labels} of {source}")
    return clean._replace(train=split(np.asarray(clean.train.inputs), seen, truth), notes=notes)
