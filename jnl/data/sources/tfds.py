"""Any image classification data set of TensorFlow Datasets that is prepared: `data.name=tfds:food101`."""

from jnl.data.dataset import Dataset
from jnl.data.tfds_reader import Folder, read
from jnl.errors import UserError

NOISY = True  # nobody vouches for them


def load(dir: Folder = None, part: str = "", size: int = 0) -> Dataset:
    """`part` is the name TFDS knows it by; `size` the side images are brought to, 0 for what they have."""
    if not part:
        raise UserError("data.name: tfds; say which, such as tfds:food101")
    return read(part, dir, size=size)
