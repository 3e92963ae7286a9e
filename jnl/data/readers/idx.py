"""Decode IDX files, the format of MNIST (described at yann.lecun.com/exdb/mnist)."""

import struct
from collections.abc import Mapping
from functools import partial

import numpy as np

from jnl.data.readers.originals import File, Version

SIDE = 28  # pixels of the side of an image
_IMAGES, _LABELS = 2051, 2049  # the first number of a file: it says that bytes follow, and of how many axes


def version(train: int, test: int, folder: str, md5: Mapping[str, str]) -> Version:
    """Return the four files of a data set in the form of MNIST.

    Args:
      train: number of training images.
      test: number of test images.
      folder: where torchvision puts the files.
      md5: MD5 of the unpacked files "train-images", "train-labels", "t10k-images" and "t10k-labels", if they are known.
    """

    def files(part: str, count: int) -> tuple[File, File]:
        names = f"{part}-images", f"{part}-labels"
        return (
            File(f"{names[0]}-idx3-ubyte", size(3, count), partial(images, count=count), md5.get(names[0], "")),
            File(f"{names[1]}-idx1-ubyte", size(1, count), partial(labels, count=count), md5.get(names[1], "")),
        )

    return Version(files("train", train), files("t10k", test), folder)


def images(content: bytes, count: int) -> dict[str, np.ndarray]:
    """Return `images` u8[count, 28, 28, 1]. Raise `ValueError` if the file is another one, or cut off."""
    shape = (count, SIDE, SIDE)
    return {"images": _array(content, _IMAGES, shape)[..., None]}


def labels(content: bytes, count: int) -> dict[str, np.ndarray]:
    """Return `labels` u8[count]. Raise `ValueError` if the file is another one, or cut off."""
    return {"labels": _array(content, _LABELS, (count,))}


def size(axes: int, count: int) -> int:
    """Return the number of bytes of a file with `count` images (3 axes) or labels (1 axis)."""
    return 4 + 4 * axes + count * (SIDE**2 if axes == 3 else 1)


def _array(content: bytes, magic: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the numbers of a file, u8[shape], after all checks."""
    form = f">{1 + len(shape)}I"
    begin = struct.calcsize(form)
    if len(content) < begin:
        raise ValueError(f"it has only {len(content)} bytes")
    number, *found = struct.unpack_from(form, content)
    if number != magic:
        raise ValueError(f"its magic number is {number}, not {magic}")
    if tuple(found) != shape:
        raise ValueError(f"its array has the shape {found}, not {list(shape)}")
    expected = size(len(shape), shape[0])
    if len(content) != expected:
        raise ValueError(f"it has {len(content):,} bytes, not {expected:,}")
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)
