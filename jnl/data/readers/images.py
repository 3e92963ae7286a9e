"""Read image files into one array. Each file is read and resized once, several files in parallel."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from jnl.core.errors import UserError, reason, within
from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Split

# Pillow reads no other formats, whatever the file ending is, because some of them run programs.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
Item = TypeVar("Item")
LARGEST = 224  # largest side, in pixels, to which images of different sizes are resized if the user sets no size
MOST = 2**13  # largest side of any image in pixels


class Form(NamedTuple):
    """The size and number of channels to which all images of a data set are converted."""

    height: int
    width: int
    channels: int


def load(title: str, paths: Sequence[Path], labels: np.ndarray, form: Form, clean: np.ndarray | None = None) -> Split:
    """Return a Split of image files, u8[N, H, W, channels], and their labels. The images are cached.

    Args:
      title: name of the cache entry and of the progress bar.
      paths: N image files.
      labels: integers [N] that training sees.
      form: size and channels to which the images are converted.
      clean: integers [N], the true labels. None means that `labels` are true.

    Raises:
      UserError: A file does not exist or is not an image, or the size is out of range.
    """
    for side in (form.height, form.width):
        within("data.size", side, 1, MOST, "give the side of the images in pixels")

    def make(allocate: cache.Allocate) -> None:
        into(allocate("images", (len(paths), *form), np.uint8), title, paths, lambda path: read(path, form))

    name = f"{title}-{form.height}x{form.width}x{form.channels}"
    try:
        arrays = cache.through(name, paths, make)
    except FileNotFoundError as error:
        raise UserError(
            f"data.dir: the image {error.filename} is missing; unpack all images, or take it off the list"
        ) from error
    return split(arrays["images"], labels, clean)


def origin(paths: Sequence[Path], root: Path) -> Callable[[int], str]:
    """Return a function from a row to the file of that image, as a path relative to the folder `root`."""
    names = [path.relative_to(root).as_posix() for path in paths]
    return names.__getitem__


def into(images: np.ndarray, title: str, items: Iterable[Item], decode: Callable[[Item], np.ndarray]) -> None:
    """Fill an array with decoded images, in parallel, and show a progress bar on a terminal.

    Args:
      images: u8[N, ...], the array to fill.
      title: title of the progress bar.
      items: N items, one for each image, such as paths.
      decode: function from an item to an image u8[...].
    """
    workers = os.cpu_count() or 1
    items = iter(items)
    bar = tqdm(total=len(images), desc=title, unit="image", disable=None)
    with _no_bombs(), ThreadPoolExecutor(workers) as pool, bar:
        position = 0
        while some := list(islice(items, 64 * workers)):  # a part at a time, because decoded images wait in memory
            for image in pool.map(decode, some):
                images[position] = image
                position += 1
            bar.update(len(some))


def survey(paths: Sequence[Path], size: int) -> Form:
    """Return the form to which all images are converted: gray if all images are gray, else color.

    Args:
      paths: the image files.
      size: side of the images in pixels. 0 keeps the size that all images share; if their sizes differ, the side is the
        median of all heights and widths, but at most 224.
    """
    within("data.size", size, 0, MOST, "0 keeps the size of the images")
    with _no_bombs(), ThreadPoolExecutor() as pool:
        shapes = np.array(list(pool.map(_shape, paths)))
    channels = 3 if shapes[:, 2].max() > 1 else 1
    if size:
        return Form(size, size, channels)
    if (shapes[:, :2] == shapes[0, :2]).all():
        return Form(int(shapes[0, 0]), int(shapes[0, 1]), channels)
    side = min(int(np.median(shapes[:, :2])), LARGEST)
    return Form(side, side, channels)


def _shape(path: Path) -> tuple[int, int, int]:
    """Return height, width and number of channels (1 or 3) of an image file."""
    with _opened(path) as image:
        return image.height, image.width, 1 if image.mode in ("1", "L", "F", "LA") or image.mode[0] == "I" else 3


def read(path: Path, form: Form) -> np.ndarray:
    """Return the image of a file as u8[H, W, channels], resized with bilinear interpolation if its size is different.

    Raises:
      UserError: The file is not an image, or it is damaged.
    """
    with _opened(path) as image:
        return fit(image, form)


def fit(image: Image.Image, form: Form) -> np.ndarray:
    """Return an image as u8[H, W, channels], resized with bilinear interpolation if its size is different."""
    if image.mode.startswith("I"):  # 16-bit values, which Pillow would clip at 255
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    image = image.convert("L" if form.channels == 1 else "RGB")
    if image.size != (form.width, form.height):
        image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(form)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open an image file; raise `UserError` for any error inside the `with` block."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is not a regular file")  # a pipe or a device may never end
        with Image.open(path, formats=_FORMATS) as image:
            yield image
    except Exception as error:  # damaged files make Pillow raise errors of many types
        raise UserError(
            f"data.dir: {path} is not an image that can be read ({reason(error)}); remove or replace it"
        ) from error


@contextmanager
def _no_bombs() -> Iterator[None]:
    """Make images of more than 90 million pixels an error, also in threads, and hide all other warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
