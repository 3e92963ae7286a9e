"""Read prepared data sets of TensorFlow Datasets (TFDS) without TensorFlow, in the order of the original files."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers import images
from jnl.data.readers.pixels import Rules
from jnl.support.errors import UserError, reason, within
from jnl.support.paths import Folder
from jnl.support.quiet import quiet

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

Row = Mapping[str, Any]  # one record of TFDS: arrays, bytes and numbers, without declared types
# Function (name of the split, number N of its records, positions of n records, these n records) -> their original
# positions i64[n].
Order = Callable[[str, int, range, Sequence[Row]], np.ndarray]
# Bytes of images that are read together. To read single records is many times slower; all large images together could
# exceed the memory.
_AT_ONCE = 2**25
_SAMPLE = 256  # number of records that are read to choose a common size for images
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NAME = re.compile(r"\w+(/\w[\w.+-]*)?(:\d+\.\d+\.\d+)?", re.ASCII)  # no path or URL outside the folder


class Source(Protocol):
    """A split whose records are read many at a time."""

    def __len__(self) -> int: ...
    def __getitems__(self, keys: Sequence[int]) -> list[Row]: ...


def as_stored(part: str, total: int, which: range, rows: Sequence[Row]) -> np.ndarray:
    """Return the positions of the records in the prepared files. This function is an `Order`."""
    return np.array(which)


def by_id(part: str, total: int, which: range, rows: Sequence[Row]) -> np.ndarray:
    """Return the positions that ids such as b"train_01234" hold (CIFAR). This function is an `Order`."""
    return np.array([int(re.sub(rb"\D", b"", row["id"])) for row in rows])


def by_key(part: str, total: int, which: range, rows: Sequence[Row]) -> np.ndarray:
    """Return the original positions of records without ids (MNIST, Fashion-MNIST). This function is an `Order`.

    The key of such a record in TFDS is its original position. TFDS sorts records by md5(split name + key), so this
    function computes the order again.
    """
    salt = hashlib.md5(part.encode())

    def digest(key: int) -> bytes:
        md5 = salt.copy()
        md5.update(str(key).encode())
        return md5.digest()

    return np.array(sorted(range(total), key=digest))[which.start : which.stop]


def is_prepared(name: str, dir: str | os.PathLike[str]) -> bool:
    """Return whether a folder holds prepared files of a data set of TFDS. This does not need TFDS."""
    return any(Path(_home(name, dir), name).glob("*/dataset_info.json"))


def _home(name: str, dir: str | os.PathLike[str]) -> Path:
    """Return the folder that holds all prepared data sets.

    Args:
      name: name of a data set.
      dir: this folder, or the folder of the data set in it, or the folder of one of its versions.
    """
    folder = Path(dir).absolute()
    own = [one for one in (folder, *folder.parents[:2]) if one.name == re.split("[/:]", name)[0]]
    return own[0].parent if own and not (folder / name).exists() else folder


def _version(name: str, dir: str | os.PathLike[str]) -> str:
    """Return the version that `dir` is the folder of, such as ":3.0.1", or nothing."""
    folder = Path(dir).absolute()
    return f":{folder.name}" if folder != _home(name, dir) and _VERSION.fullmatch(folder.name) else ""


def read(name: str, dir: Folder, order: Order = as_stored, size: int = 0, instead: str = "") -> Dataset:
    """Return an image data set of TFDS from its array_record files. The arrays are cached.

    The test set is the first of the splits `test` and `validation` that exists and has labels, else None.

    Args:
      name: name of the data set in TFDS.
      dir: folder of the prepared files; None is the TFDS directory.
      order: function that finds the original position of each record.
      size: side of the images in pixels. 0 keeps the declared size; without one, the side is the median of the heights
        and widths of the first images, but at most 224.
      instead: what people can do if no files are prepared, for the error message.

    Raises:
      UserError: Files are missing or damaged (the message has the command that prepares them), there is no training
        split, the size is out of range, or the data set is not for image classification.
    """
    with _builder(name, dir, instead) as builder:
        image, label = _features(builder)
        if "train" not in builder.info.splits:
            raise UserError(f"data.name: {name!r} has no split `train`; it has {', '.join(builder.info.splits)}")
        held = [part for part in ("test", "validation") if part in builder.info.splits]
        held = [part for part in held if _labeled(builder, part, label)]
        form = _form(_source(builder, "train"), builder.info.features[image].shape, image, size)
        splits, done = [], Counter[str]()
        for part in ["train", *held[:1]]:
            arrays = _arrays(builder, part, image, label, order, form)
            splits.append(split(arrays["images"], arrays["labels"]))
            done += images.kept(arrays)
        names = tuple(builder.info.features[label].names)
        note = f"{name} was read from the prepared TFDS files {builder.info.full_name}"
    return Dataset(splits[0], splits[1] if len(splits) > 1 else None, names, notes=(note, *images.notes(done, form)))


def labels_of(name: str, dir: Folder, part: str, label: str, order: Order) -> np.ndarray:
    """Return other labels of one split of a data set: i32[N].

    Args:
      name: name of the data set in TFDS.
      dir: folder of the prepared files; None is the TFDS directory.
      part: name of the split.
      label: name of the feature that holds the labels.
      order: function that finds the original position of each record.

    Raises:
      UserError: The data set has no such feature, or an error of `read` occurs.
    """
    import tensorflow_datasets as tfds

    with _builder(name, dir) as builder:
        if label not in builder.info.features:
            raise UserError(
                f"data.labels: {name!r} has no feature {label!r}; it has {', '.join(builder.info.features)}"
            )
        image, _ = _features(builder)
        source: Source = builder.as_data_source(part, decoders={image: tfds.decode.SkipDecoding()})

        def make(allocate: cache.Allocate) -> None:
            rows = source.__getitems__(range(len(source)))
            position = _take(np.zeros(len(source), bool), order(part, len(source), range(len(source)), rows), name)
            allocate("labels", (len(source),), np.int32)[position] = [row[label] for row in rows]

        title = f"{builder.name}-{part}-{label}-{order.__name__}"
        return cache.through(title, [Path(builder.data_path)], make)["labels"]


def _source(builder: "tfds.core.DatasetBuilder", part: str) -> Source:
    """Return the records of the split `part`."""
    source: Source = builder.as_data_source(part)
    return source


def _labeled(builder: "tfds.core.DatasetBuilder", part: str, label: str) -> bool:
    """Return whether the first record of a split has a label. In a test set without labels, all labels are -1."""
    return bool(_source(builder, part).__getitems__([0])[0][label] >= 0)


def _arrays(
    builder: "tfds.core.DatasetBuilder", part: str, image: str, label: str, order: Order, form: images.Form
) -> dict[str, np.ndarray]:
    """Return the `images` u8[N, H, W, channels] and `labels` i32[N] of a split."""
    source = _source(builder, part)
    declared = builder.info.features[image].shape
    step = _SAMPLE if None in declared else max(_AT_ONCE // int(np.prod(declared)), 1)

    def make(allocate: cache.Allocate) -> None:
        pictures = allocate("images", (len(source), *form), np.uint8)
        numbers, taken, done = allocate("labels", (len(source),), np.int32), np.zeros(len(source), bool), list[str]()
        for begin in range(0, len(source), step):
            which = range(begin, min(begin + step, len(source)))
            rows = source.__getitems__(which)
            position = _take(taken, order(part, len(source), which, rows), builder.name)
            for place, row in zip(position, rows, strict=True):
                pictures[place] = _fitted(row[image], form, done)
            numbers[position] = [row[label] for row in rows]
        images.keep(done, allocate)

    title = f"{builder.name}-{part}-{label}-{order.__name__}-{form.height}x{form.width}x{form.channels}"
    return cache.through(title, [Path(builder.data_path)], make)


def _take(taken: np.ndarray, position: np.ndarray, name: str) -> np.ndarray:
    """Mark the rows `position`, i64[n], in `taken`, bool[N], and return them; raise if a row is invalid or repeated."""
    inside = 0 <= position.min() and position.max() < len(taken)
    if not inside or len(np.unique(position)) < len(position) or taken[position].any():
        raise UserError(
            f"data.dir: the ids of {name!r} do not contain each number from 0 to {len(taken) - 1:,} once; prepare it "
            "again"
        )
    taken[position] = True
    return position


def _form(source: Source, declared: tuple[int | None, ...], image: str, size: int) -> images.Form:
    """Return the form of the images from `size` (0: not set), the declared shape and the shapes of the first images."""
    height, width, channels = declared
    within("data.size", size, 0, images.MOST, "0 keeps the size of the images")
    if size or height is None or width is None or channels is None:
        rows = source.__getitems__(range(min(_SAMPLE, len(source))))
        shapes = np.array([row[image].shape for row in rows])
        channels = channels or int(shapes[:, 2].max())
        height = width = size or min(int(np.median(shapes[:, :2])), images.LARGEST)
    for side in (height, width):
        within("data.size", side, 1, images.MOST, "give the side in pixels to which images are resized")
    return images.Form(height, width, 1 if channels == 1 else 3)


def _fitted(picture: np.ndarray, form: images.Form, done: list[str]) -> np.ndarray:
    """Return an image [h, w, c] converted to the form, u8[H, W, channels]; `done` is as for `images.read`."""
    if picture.shape == form:
        return picture
    return images.fit(Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture), form, Rules(), done)


def _features(builder: "tfds.core.DatasetBuilder") -> tuple[str, str]:
    """Return the names of the image feature and of the label feature; raise `UserError` if there is not one of each."""
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
def _builder(name: str, dir: Folder, instead: str = "") -> Iterator["tfds.core.DatasetBuilder"]:
    """Open the prepared files of a data set; raise `UserError` if they are missing, incomplete or in another format."""
    otherwise = instead and f", or {instead}"
    try:
        import tensorflow_datasets as tfds  # imported here, so that other data sets load without this delay
    except ImportError as error:
        raise UserError(
            f"data.dir: prepared files of {name!r} cannot be read without TFDS ({reason(error)}); "
            f"`pip install tensorflow-datasets`{otherwise}"
        ) from error
    where = os.fspath(dir) if dir is not None else str(tfds.core.constants.DATA_DIR)
    if not _NAME.fullmatch(name):
        raise UserError(f"data.name: {name!r} is not a TFDS name; give one such as tfds:food101")
    try:
        with quiet():  # hides messages about the group sizes of array_record
            version, home = ("", None) if dir is None else (_version(name, dir), _home(name, dir))
            builder = tfds.builder(name + version, data_dir=home)
            if not builder.info.splits:
                raise FileNotFoundError(builder.data_dir)
            yield builder
    except (UserError, MemoryError):
        raise
    except tfds.core.registered.DatasetNotFoundError as error:
        raise UserError(
            f"data.name: TFDS has no data set {name!r}, and none is prepared in {where}; correct the name or data.dir"
        ) from error
    except Exception as error:  # missing or damaged files make TFDS raise errors of many types
        flag = f" --dir={where}" if dir is not None else ""
        raise UserError(
            f"data.dir: no prepared {name!r} in {where}; prepare it once with "
            f"`pip install tensorflow && python -m jnl prepare {name}{flag}`{otherwise}"
        ) from error


def records(name: str, dir: Folder, part: str) -> list[Row]:
    """Return all records of one split of any prepared data set.

    Args:
      name: name of the data set in TFDS.
      dir: folder of the prepared files; None is the TFDS directory.
      part: name of the split.

    Raises:
      UserError: Files are missing or damaged.
    """
    with _builder(name, dir) as builder:
        source = _source(builder, part)
        return source.__getitems__(range(len(source)))
