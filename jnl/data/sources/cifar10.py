"""CIFAR-10: 50,000 training and 10,000 test color images, 32x32x3, 10 classes."""

from jnl.data.dataset import Dataset
from jnl.data.readers.cifar import binary_file, python_file
from jnl.data.readers.originals import Original, Version, read
from jnl.data.readers.tfds import by_id
from jnl.support.paths import Folder

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MD5_BINARY = {  # computed from the prepared TFDS files; TFDS checks the archive of these files by SHA-256
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
MD5_PYTHON = {  # as torchvision has them (datasets/cifar.py)
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_BINARY = [binary_file(name, 10_000, 1, md5) for name, md5 in MD5_BINARY.items()]
_PYTHON = [python_file(name, 10_000, md5) for name, md5 in MD5_PYTHON.items()]
ORIGINAL = Original(
    "cifar10",
    CLASSES,
    (
        Version(tuple(_BINARY[:5]), tuple(_BINARY[5:]), "cifar-10-batches-bin", "cifar-10-binary.tar.gz"),
        Version(tuple(_PYTHON[:5]), tuple(_PYTHON[5:]), "cifar-10-batches-py", "cifar-10-python.tar.gz"),
    ),
    "www.cs.toronto.edu/~kriz/cifar.html",
    by_id,
)


def load(dir: Folder = None) -> Dataset:
    """Load the prepared TFDS files, or the original files; in the order of the original files."""
    return read(ORIGINAL, dir)
