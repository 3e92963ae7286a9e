"""CIFAR-100: 50,000 training and 10,000 test color images, 32x32x3, 100 fine classes in alphabetical order."""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import by_id, read


def load(dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load the prepared TFDS files, in the order of the original files."""
    return read("cifar100", dir, by_id)
