"""Load any prepared image classification data set of TensorFlow Datasets (TFDS), such as `data.name=tfds:food101`."""

import numpy as np

from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import read
from jnl.support.errors import UserError
from jnl.support.paths import Folder

NOISY = True  # the original labels of these data sets may be wrong


def load(dir: Folder = None, part: str = "", size: int = 0, trusted: bool = False) -> Dataset:
    """Load a data set of TFDS.

    Args:
      dir: folder of the prepared files; None is the TFDS directory.
      part: name of the data set in TFDS, the text after the colon in `data.name`.
      size: side of the images in pixels. 0 keeps the declared size; without one, the side is the median of the heights
        and widths of the first images, but at most 224.
      trusted: whether the labels are true, so that noise of a known kind can be added. If not, the true labels of the
        training set are unknown (-1).
    """
    if not part:
        raise UserError("data.name: tfds needs the name of a data set; give one such as tfds:food101")
    dataset = read(part, dir, size=size)
    if trusted:
        return dataset
    inputs, labels, _ = map(np.asarray, dataset.train)
    return dataset._replace(train=split(inputs, labels, np.full(len(labels), -1)))
