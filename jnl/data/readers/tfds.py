"""Reads a prepared TensorFlow Datasets directory without TensorFlow, in the order of the original files."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from jnl.core.errors import UserError, within
from jnl.core.quiet import quiet
from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers import images

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

Folder = str | os.PathLike[str] | None
Row = Mapping[str, Any]  # one record of TFDS: arrays, bytes and numbers, whose types no declaration tells
# (split, number of its records, which of them these are, the records) -> int64 original position of each
Order = Callable[[str, int, range, Sequence[Row]], np.ndarray]
_AT_ONCE = 2**25  # bytes of images: one record at a time is many times slower, all are too much for large images
_SAMPLE = 256  # records that tell the size of images whose sizes differ
_NAME = re.compile(r"\w+(/\w[\w.+-]*)?(:\d+\.\d+\.\d+)?", re.ASCII)  # none that leaves the folder or this machine


class Source(Protocol):
    """A split that is read in bulk."""

    def __len__(self) -> int: ...
    def __getitems__(self, keys: Sequence[int]) -> list[Row]: ...


def as_stored(part: str, total: int, which: range, rows: Sequence[Row]) -> np.ndarray:
    """The order of the records."""
    return np.array(which)


def by_id(part: str, total: int, which: range, rows: Sequence[Row]) -> np.ndarray:
    """From ids such as b"train_01234" (CIFAR)."""
    return np.array([int(re.sub(rb"\D", b"", row["id"])) for row in rows])


def by_key(part: str, total: int, which: range, rows: Sequence[Row]) -> np.ndarray:
    """Where records have no id but were shuffled by TFDS under their position as key (MNIST, Fashion-MNIST).

    TFDS sorts records by md5(split name + key), so the order can be computed again.
    """
    salt = hashlib.md5(part.encode())

    def digest(key: int) -> bytes:
        md5 = salt.copy()
        md5.update(str(key).encode())
        return md5.digest()

    return np.array(sorted(range(total), key=digest))[which.start : which.stop]


def read(name: str, dir: Folder, order: Order = as_stored, size: int = 0) -> Dataset:
    """The image data set `name` of TFDS from its array_record files under `dir`, cached as arrays after the first time.

    `size` is the side that images are brought to, 0 for what they have. The clean test set is the split `test`, else
    `validation`, else none.

    Raises:
      UserError: the files are not there, or damaged (with the command that prepares them), or it classifies no images.
    """
    with _builder(name, dir) as builder:
        image, label = _features(builder)
        if "train" not in builder.info.splits:
            raise UserError(f"data.name: {name!r} has no split `train`; it has {', '.join(builder.info.splits)}")
        held = [part for part in ("test", "validation") if part in builder.info.splits]
        held = [part for part in held if _labeled(builder, part, label)]
        form = _form(_source(builder, "train"), builder.info.features[image].shape, image, size)
        splits = []
        for part in ["train", *held[:1]]:
            arrays = _arrays(builder, part, image, label, order, form)
            splits.append(split(arrays["images"], arrays["labels"]))
        names = tuple(builder.info.features[label].names)
    return Dataset(splits[0], splits[1] if len(splits) > 1 else None, names)


def labels_of(name: str, dir: Folder, part: str, label: str, order: Order) -> np.ndarray:
    """Other labels of one split of a data set: i32[N]. Errors as for `read`."""
    import tensorflow_datasets as tfds

    with _builder(name, dir) as builder:
        if label not in builder.info.features:
            raise UserError(f"data.labels: {name!r} has no {label!r}, but {', '.join(builder.info.features)}")
        image, _ = _features(builder)
        source: Source = builder.as_data_source(part, decoders={image: tfds.decode.SkipDecoding()})

        def make(allocate: cache.Allocate) -> None:
            rows = source.__getitems__(range(len(source)))
            position = _take(np.zeros(len(source), bool), order(part, len(source), range(len(source)), rows), name)
            allocate("labels", (len(source),), np.int32)[position] = [row[label] for row in rows]

        title = f"{builder.name}-{part}-{label}-{order.__name__}"
        return cache.through(title, [Path(builder.data_path)], make)["labels"]


def _source(builder: "tfds.core.DatasetBuilder", part: str) -> Source:
    source: Source = builder.as_data_source(part)
    return source


def _labeled(builder: "tfds.core.DatasetBuilder", part: str, label: str) -> bool:
    """Some test sets come without labels: all are -1."""
    return bool(_source(builder, part).__getitems__([0])[0][label] >= 0)


def _arrays(
    builder: "tfds.core.DatasetBuilder", part: str, image: str, label: str, order: Order, form: images.Form
) -> dict[str, np.ndarray]:
    """The images u8[N, H, W, channels] and labels i32[N] of a split."""
    source = _source(builder, part)
    declared = builder.info.features[image].shape
    step = _SAMPLE if None in declared else max(_AT_ONCE // int(np.prod(declared)), 1)

    def make(allocate: cache.Allocate) -> None:
        pictures = allocate("images", (len(source), *form), np.uint8)
        numbers, taken = allocate("labels", (len(source),), np.int32), np.zeros(len(source), bool)
        for begin in range(0, len(source), step):
            which = range(begin, min(begin + step, len(source)))
            rows = source.__getitems__(which)
            position = _take(taken, order(part, len(source), which, rows), builder.name)
            for place, row in zip(position, rows, strict=True):
                pictures[place] = _fitted(row[image], form)
            numbers[position] = [row[label] for row in rows]

    title = f"{builder.name}-{part}-{label}-{order.__name__}-{form.height}x{form.width}x{form.channels}"
    return cache.through(title, [Path(builder.data_path)], make)


def _take(taken: np.ndarray, position: np.ndarray, name: str) -> np.ndarray:
    """Marks the rows `position` i64[n] in `taken` bool[N] and gives them back; raises if one is no row of its own."""
    inside = 0 <= position.min() and position.max() < len(taken)
    if not inside or len(np.unique(position)) < len(position) or taken[position].any():
        raise UserError(f"data.dir: the ids of {name!r} are not 0 to {len(taken) - 1:,}, each once; prepare it again")
    taken[position] = True
    return position


def _form(source: Source, declared: tuple[int | None, ...], image: str, size: int) -> images.Form:
    height, width, channels = declared
    within("data.size", size, 0, images.MOST, "0 keeps the size of the images")
    if size or height is None or width is None or channels is None:
        rows = source.__getitems__(range(min(_SAMPLE, len(source))))
        shapes = np.array([row[image].shape for row in rows])
        channels = channels or int(shapes[:, 2].max())
        height = width = size or min(int(np.median(shapes[:, :2])), images.LARGEST)
    for side in (height, width):
        within("data.size", side, 1, images.MOST, "give the side that images are brought to")
    return images.Form(height, width, 1 if channels == 1 else 3)


def _fitted(picture: np.ndarray, form: images.Form) -> np.ndarray:
    if picture.shape == form:
        return picture
    return images.fit(Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture), form)


def _features(builder: "tfds.core.DatasetBuilder") -> tuple[str, str]:
    """The names of the image and of the label."""
    import tensorflow_datasets as tfds

    def only(kind: type) -> str:
        found = [name for name, feature in builder.info.features.items() if isinstance(feature, kind)]
        keys = [key for key in (*(builder.info.supervised_keys or ()), "image", "label") if key in found][:1] or found
        if len(keys) != 1:
            raise UserError(
                f"data.name: {builder.name!r} has {len(keys)} features of kind {kind.__name__}, not one; it does not "
                "classify images"
            )
        return keys[0]

    image, label = only(tfds.features.Image), only(tfds.features.ClassLabel)
    if builder.info.features[image].np_dtype != np.uint8:
        raise UserError(f"data.name: {builder.name!r} has images of {builder.info.features[image].np_dtype}, not uint8")
    return image, label


@contextmanager
def _builder(name: str, dir: Folder) -> Iterator["tfds.core.DatasetBuilder"]:
    """What reads the prepared files; tells of those that are missing, half there or in another format."""
    import tensorflow_datasets as tfds  # here, so that data sets of other sources do not wait for it

    where = os.fspath(dir) if dir is not None else str(tfds.core.constants.DATA_DIR)
    if not _NAME.fullmatch(name):
        raise UserError(f"data.name: {name!r} is no name of TFDS; give one such as tfds:food101")
    try:
        with quiet():  # about the group sizes of array_record
            builder = tfds.builder(name, data_dir=None if dir is None else os.fspath(dir))
            if not builder.info.splits:
                raise FileNotFoundError(builder.data_dir)
            yield builder
    except UserError:
        raise
    except tfds.core.registered.DatasetNotFoundError as error:
        raise UserError(
            f"data.name: TFDS has no data set {name!r}, and none is prepared in {where}; correct the name or data.dir"
        ) from error
    except Exception as error:  # what files that are damaged or missing make of TFDS is anybody's guess
        flag = f" --dir={where}" if dir is not None else ""
        raise UserError(
            f"data.dir: no prepared {name!r} in {where}; prepare it once with "
            f"`pip install tensorflow && python -m jnl.data.prepare {name}{flag}`"
        ) from error


def records(name: str, dir: Folder, part: str) -> list[Row]:
    """All records of a split of any prepared data set. Errors as for `read`."""
    with _builder(name, dir) as builder:
        source = _source(builder, part)
        return source.__getitems__(range(len(source)))
