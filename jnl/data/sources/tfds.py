"""Any image classification data set of TensorFlow Datasets that is prepared: `data.name=tfds:food101`."""

import numpy as np

from jnl.core.errors import UserError
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import Folder, read

NOISY = True  # nobody vouches for them


def load(dir: Folder = None, part: str = "", size: int = 0, trusted: bool = False) -> Dataset:
    """`part` is the name TFDS knows it by; `size` the side images are brought to, 0 for what they have.

    `trusted` says that the labels are right, for noise of your own choice; else the truth of the training set is
    unknown (-1).
    """
    if not part:
        raise UserError("data.name: tfds; say which, such as tfds:food101")
    dataset = read(part, dir, size=size)
    if trusted:
        return dataset
    inputs, labels, _ = map(np.asarray, dataset.train)
    return dataset._replace(train=split(inputs, labels, np.full(len(labels), -1)))
