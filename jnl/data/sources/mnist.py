"""MNIST: 60,000 training and 10,000 test images of handwritten digits, 28x28x1."""

from jnl.data.dataset import Dataset
from jnl.data.readers import idx
from jnl.data.readers.originals import Original, read
from jnl.data.readers.tfds import by_key
from jnl.support.paths import Folder

CLASSES = tuple("0123456789")
MD5 = {  # of the unpacked files, computed from the prepared TFDS files; TFDS checks the packed ones by SHA-256
    "train-images": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels": "a25bea736e30d166cdddb491f175f624",
    "t10k-images": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels": "27ae3e4e09519cfbb04c329615203637",
}
ORIGINAL = Original(
    "mnist", CLASSES, (idx.version(60_000, 10_000, "MNIST/raw", MD5),), "yann.lecun.com/exdb/mnist", by_key
)


def load(dir: Folder = None) -> Dataset:
    """Load the prepared TFDS files, or the original files; in the order of the original files."""
    return read(ORIGINAL, dir)
