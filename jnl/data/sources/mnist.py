"""MNIST: 60,000 + 10,000 handwritten digits, 28x28x1."""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import by_key, read


def load(dir: str | os.PathLike[str] | None = None) -> Dataset:
    """From prepared TFDS files, in the order of the original files."""
    return read("mnist", dir, by_key)
