"""CIFAR-10: 50,000 training and 10,000 test color images, 32x32x3, 10 classes."""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import by_id, read


def load(dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load the prepared TFDS files, in the order of the original files."""
    return read("cifar10", dir, by_id)
