"""Reads a prepared TensorFlow Datasets directory without TensorFlow, in the order of the original files."""

import hashlib
import logging
import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypedDict

import numpy as np

from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.errors import UserError


class Row(TypedDict):
    """One record as TFDS gives it."""

    id: bytes  # CIFAR only
    image: np.ndarray
    label: int


class Source(Protocol):
    """A split that is read in bulk."""

    def __len__(self) -> int: ...
    def __getitems__(self, keys: Sequence[int]) -> list[Row]: ...


Order = Callable[[str, list[Row]], np.ndarray]


def read(name: str, dir: str | os.PathLike[str] | None, order: Order) -> Dataset:
    """The image data set `name` of TFDS from its array_record files under `dir`, cached as arrays after the first time.

    `order(split_name, rows)` gives the original position of each record.

    Raises:
      UserError: the files are not there, or damaged; says the command that prepares them.
    """
    import tensorflow_datasets as tfds  # here, so that data sets of other sources do not wait for it

    splits = []
    try:
        with _quiet():
            builder = tfds.builder(name, data_dir=None if dir is None else os.fspath(dir))
            for part in ("train", "test"):
                source = builder.as_data_source(part)
                arrays = cache.through(f"{name}-{part}", str(builder.data_path), partial(_arrays, source, part, order))
                splits.append(split(arrays["images"], arrays["labels"]))
    # What TFDS and array_record raise for files that are missing, half there or in another format.
    except (NotImplementedError, AssertionError, OSError, RuntimeError, ValueError) as error:
        where = os.fspath(dir) if dir is not None else str(tfds.core.constants.DATA_DIR)
        flag = f" --dir={where}" if dir is not None else ""
        raise UserError(
            f"data.dir: no prepared {name!r} in {where}; prepare it once with "
            f"`pip install tensorflow && python -m jnl.data.prepare {name}{flag}`"
        ) from error
    return Dataset(splits[0], splits[1], tuple(builder.info.features["label"].names))


def _arrays(source: Source, part: str, order: Order) -> dict[str, np.ndarray]:
    rows = source.__getitems__(range(len(source)))  # in bulk: one record at a time is many times slower
    position = order(part, rows)
    images = np.empty((len(rows), *rows[0]["image"].shape), np.uint8)
    images[position] = [row["image"] for row in rows]
    labels = np.empty(len(rows), np.int32)
    labels[position] = [row["label"] for row in rows]
    return {"images": images, "labels": labels}


def by_id(part: str, rows: list[Row]) -> np.ndarray:
    """Original positions from ids such as b"train_01234" (CIFAR): -> int64[N]."""
    return np.array([int(re.sub(rb"\D", b"", row["id"])) for row in rows])


def by_key(part: str, rows: list[Row]) -> np.ndarray:
    """Original positions where records have no id but were shuffled by TFDS under their position as key: -> int64[N].

    TFDS sorts records by md5(split name + key), so the order can be computed again (MNIST, Fashion-MNIST).
    """
    salt = hashlib.md5(part.encode())

    def digest(key: int) -> bytes:
        md5 = salt.copy()
        md5.update(str(key).encode())
        return md5.digest()

    return np.array(sorted(range(len(rows)), key=digest))


class _quiet:
    """Silences what TFDS logs about array_record group sizes and OpenCV; errors still raise."""

    def __enter__(self) -> None:
        self.level = logging.getLogger("absl").level
        logging.getLogger("absl").setLevel(logging.CRITICAL)

    def __exit__(self, *exception: object) -> None:
        logging.getLogger("absl").setLevel(self.level)
