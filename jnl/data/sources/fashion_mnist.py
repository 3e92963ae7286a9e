"""Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28x28x1."""

from jnl.data.dataset import Dataset
from jnl.data.readers import idx
from jnl.data.readers.originals import Original, read
from jnl.data.readers.tfds import by_key
from jnl.support.paths import Folder

CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
MD5 = {  # of the unpacked files, computed from the prepared TFDS files; TFDS checks the packed ones by SHA-256
    "train-images": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels": "15d484375f8d13e6eb1aabb0c3f46965",
}
ORIGINAL = Original(
    "fashion_mnist",
    CLASSES,
    (idx.version(60_000, 10_000, "FashionMNIST/raw", MD5),),
    "github.com/zalandoresearch/fashion-mnist",
    by_key,
)


def load(dir: Folder = None) -> Dataset:
    """Load the prepared TFDS files, or the original files; in the order of the original files."""
    return read(ORIGINAL, dir)
