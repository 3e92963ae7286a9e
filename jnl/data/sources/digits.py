"""The 1,797 handwritten digits of scikit-learn (8x8, 17 gray levels), which need no download.

The original data have no test set. So every fifth example of each class, in file order, is a test example (355 of
1,797).
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.support.errors import UserError
from jnl.support.paths import Folder


def load(dir: Folder = None) -> Dataset:
    """Load the digits; the images are u8[N, 8, 8, 1]. `dir` is not used."""
    table = np.loadtxt(_file(), dtype=np.int32, delimiter=",")  # a row has 64 gray levels from 0 to 16, then the digit
    images, labels = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1), table[:, -1]
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        test[np.flatnonzero(labels == digit)[4::5]] = True
    names = tuple(str(digit) for digit in range(10))
    return Dataset(split(images[~test], labels[~test]), split(images[test], labels[test]), names)


def _file() -> Path:
    """Return the file that `sklearn.datasets.load_digits` reads. To import scikit-learn for it would take seconds."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise UserError("data.name: digits come with scikit-learn, which is not installed; pip install scikit-learn")
    return Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
