"""The 1,797 handwritten digits that scikit-learn ships (8x8, 17 grey levels): the data set that is always there.

Every fifth example of each class, in file order, is the test set (355 of 1,797); the source has no split of its own.
"""

import os

import numpy as np
from sklearn.datasets import load_digits

from jnl.data.arrays import split
from jnl.types import Dataset


def load(dir: str | os.PathLike[str] | None = None) -> Dataset:
    """u8[N, 8, 8, 1]; `dir` is not used."""
    images, labels = load_digits(return_X_y=True)
    images = np.rint(images * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        test[np.flatnonzero(labels == digit)[4::5]] = True
    names = tuple(str(digit) for digit in range(10))
    return Dataset(split(images[~test], labels[~test]), split(images[test], labels[test]), names)
