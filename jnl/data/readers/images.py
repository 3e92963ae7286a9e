"""Image files to one array: read once, resized once, several at a time."""

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

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # not those that run programs, whatever the ending
ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
Item = TypeVar("Item")
LARGEST = 224  # side that images of different sizes are brought to at most, unless one is asked for
MOST = 2**13  # side of any


class Form(NamedTuple):
    """What all images of a data set are brought to."""

    height: int
    width: int
    channels: int


def load(title: str, paths: Sequence[Path], labels: np.ndarray, form: Form, clean: np.ndarray | None = None) -> Split:
    """Images of these files as u8[N, H, W, channels] through the cache, with their labels.

    Raises:
      UserError: a file that is not there, or no image; a size that is none.
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
    """Row -> the file of that image, as seen from the folder `root`."""
    names = [path.relative_to(root).as_posix() for path in paths]
    return names.__getitem__


def into(images: np.ndarray, title: str, items: Iterable[Item], decode: Callable[[Item], np.ndarray]) -> None:
    """Fills images u8[N, ...] by `decode`, in parallel, with a progress bar on a terminal."""
    workers = os.cpu_count() or 1
    items = iter(items)
    bar = tqdm(total=len(images), desc=title, unit="image", disable=None)
    with _no_bombs(), ThreadPoolExecutor(workers) as pool, bar:
        position = 0
        while some := list(islice(items, 64 * workers)):  # not all at once: each waits in memory
            for image in pool.map(decode, some):
                images[position] = image
                position += 1
            bar.update(len(some))


def survey(paths: Sequence[Path], size: int) -> Form:
    """The form that fits all: `size` x `size`, or if that is 0 the size they share, else the median of their sizes.

    Colour unless all are grey.
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
    with _opened(path) as image:
        return image.height, image.width, 1 if image.mode in ("1", "L", "F", "LA") or image.mode[0] == "I" else 3


def read(path: Path, form: Form) -> np.ndarray:
    """One file -> u8[H, W, channels], resized with bilinear interpolation if it has another size.

    Raises:
      UserError: it is no image, or damaged.
    """
    with _opened(path) as image:
        return fit(image, form)


def fit(image: Image.Image, form: Form) -> np.ndarray:
    """An image -> u8[H, W, channels]."""
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    image = image.convert("L" if form.channels == 1 else "RGB")
    if image.size != (form.width, form.height):
        image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(form)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        if path.exists() and not path.is_file():
            raise ValueError("no regular file")  # others may never end
        with Image.open(path, formats=_FORMATS) as image:
            yield image
    except Exception as error:  # what a damaged file makes of Pillow is anybody's guess
        raise UserError(
            f"data.dir: {path} is no image that can be read ({reason(error)}); remove or replace it"
        ) from error


@contextmanager
def _no_bombs() -> Iterator[None]:
    """Images of more than 90 million pixels are errors, in threads too; what else Pillow warns of is not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
