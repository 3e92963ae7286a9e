"""Decode the binary and the Python version of CIFAR-10 and CIFAR-100 (www.cs.toronto.edu/~kriz/cifar.html).

Both versions store an image as 1,024 red, 1,024 green and 1,024 blue bytes. A file of the Python version is a pickle,
which can run any code when it is loaded. So this file never loads it: it only lists the pickle's instructions and takes
the bytes of the images and the numbers of the labels from them.
"""

import pickletools
from functools import partial

import numpy as np

from jnl.data.readers.originals import File

SIDE, CHANNELS = 32, 3
_BYTES = CHANNELS * SIDE**2  # of an image
_NAME = 64  # most bytes that an example needs in a pickle besides its image: its labels and the name of its file
_KEYS = ("labels", "fine_labels")  # names of the labels in a pickle: in CIFAR-10, in CIFAR-100


def binary_file(name: str, count: int, labels: int, md5: str = "") -> File:
    """Return a file of the binary version with `count` examples of so many labels."""
    return File(name, size(count, labels), partial(binary, count=count, labels=labels), md5)


def python_file(name: str, count: int, md5: str = "") -> File:
    """Return a file of the Python version with `count` examples."""
    return File(name, count * (_BYTES + _NAME), partial(python, count=count), md5)


def binary(content: bytes, count: int, labels: int) -> dict[str, np.ndarray]:
    """Return the examples of a file of the binary version.

    Args:
      content: the file.
      count: number N of its examples.
      labels: number of labels of an example. The last one is returned, which is the fine label in CIFAR-100.

    Returns:
      `images` u8[N, 32, 32, 3] and `labels` u8[N].

    Raises:
      ValueError: The file has another size.
    """
    if len(content) != size(count, labels):
        raise ValueError(f"it has {len(content):,} bytes, not {size(count, labels):,}")
    rows = np.frombuffer(content, np.uint8).reshape(count, labels + _BYTES)
    return {"images": _images(rows[:, labels:]), "labels": rows[:, labels - 1]}


def size(count: int, labels: int) -> int:
    """Return the number of bytes of a file of the binary version."""
    return count * (labels + _BYTES)


def python(content: bytes, count: int) -> dict[str, np.ndarray]:
    """Return the examples of a file of the Python version, without running any instruction of the pickle.

    Args:
      content: the file.
      count: number N of its examples.

    Returns:
      `images` u8[N, 32, 32, 3] and `labels` u8[N], the fine labels in CIFAR-100.

    Raises:
      ValueError: The file is not a pickle with so many images and labels.
    """
    key, by_column, labels = "", False, list[int]()
    rows: np.ndarray | None = None
    for instruction, value, _ in pickletools.genops(content):
        if isinstance(value, str) and len(value) == count * _BYTES:  # the bytes of Python 2, shown as text
            pixels = np.frombuffer(value.encode("latin-1"), np.uint8)
            rows = pixels.reshape(_BYTES, count).T if by_column else pixels.reshape(count, _BYTES)
        elif isinstance(value, str):
            key = value
        elif instruction.name in ("NEWTRUE", "NEWFALSE"):  # the last one before the bytes is the order of the array
            by_column = instruction.name == "NEWTRUE"
        elif isinstance(value, int) and instruction.name.startswith("BININT") and key in _KEYS:
            labels.append(value)
    if rows is None or len(labels) != count:
        raise ValueError(f"it has {len(labels):,} labels and {0 if rows is None else count:,} images, not {count:,}")
    return {"images": _images(rows), "labels": np.array(labels)}


def _images(rows: np.ndarray) -> np.ndarray:
    """Return images stored by channel, u8[N, 3072], as u8[N, 32, 32, 3]."""
    return rows.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
