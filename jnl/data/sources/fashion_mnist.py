"""Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28x28x1."""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.tfds import by_key, read


def load(dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load the prepared TFDS files, in the order of the original files."""
    return read("fashion_mnist", dir, by_key)
