"""Read image files into one array. Each file is read and resized once, several files in parallel."""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Split
from jnl.data.notes import doubt
from jnl.data.readers import pixels
from jnl.data.readers.pixels import Rules
from jnl.support.cores import cores
from jnl.support.errors import UserError, reason, too_large, within

# Pillow reads no other formats, whatever the file ending is, because some of them run programs.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
Item = TypeVar("Item")
LARGEST = 224  # largest side, in pixels, to which images of different sizes are resized if the user sets no size
MOST = 2**13  # largest side of any image in pixels


class Form(NamedTuple):
    """The size and number of channels to which all images of a data set are converted."""

    height: int
    width: int
    channels: int


class Loaded(NamedTuple):
    """Images with their labels, and what was done to them."""

    split: Split
    done: Counter[str]  # what was done -> number of images


def load(
    title: str,
    paths: Sequence[Path],
    labels: np.ndarray,
    form: Form,
    clean: np.ndarray | None = None,
    rules: Rules = Rules(),  # noqa: B008
) -> Loaded:
    """Return image files as u8[N, H, W, channels], with their labels. The images are cached.

    Args:
      title: name of the cache entry and of the progress bar.
      paths: N image files.
      labels: integers [N] that training sees.
      form: size and channels to which the images are converted.
      clean: integers [N], the true labels. None means that `labels` are true.
      rules: what the pixels mean.

    Raises:
      UserError: A file does not exist or is not an image, all images are nearly black because their range is not known,
        or the size is out of range.
    """
    for side in (form.height, form.width):
        within("data.size", side, 1, MOST, "give the side of the images in pixels")
    rules.check()

    def make(allocate: cache.Allocate) -> None:
        done: list[str] = []  # of all threads: `append` is safe
        images = allocate("images", (len(paths), *form), np.uint8)
        into(images, title, paths, lambda path: read(path, form, rules, done))
        if len(paths) == done.count("dark"):
            raise UserError(
                f"data.range: images such as {paths[0]} use less than a sixteenth of the levels between black and "
                "white, so they would be nearly black; set it to the values of black and white, such as 0,4095"
            )
        if len(paths) == done.count("dark") + done.count("dark colors"):
            raise UserError(
                f"data.dir: images such as {paths[0]} use less than a sixteenth of the levels of their format, so they "
                "would be nearly black, because only the upper 8 bits of colors can be read; convert them to 8 bits"
            )
        keep(done, allocate)

    name = f"{title}-{'x'.join(map(str, form))}"
    if rules != Rules():
        name += f"-{'-'.join(map(str, rules.range))}-{rules.background.strip('#')}"
    try:
        arrays = cache.through(name, paths, make)
    except FileNotFoundError as error:
        raise UserError(
            f"data.dir: the image {error.filename} is missing; unpack all images, or take it off the list"
        ) from error
    return Loaded(split(arrays["images"], labels, clean), kept(arrays))


def keep(done: list[str], allocate: cache.Allocate) -> None:
    """Store what was done to images in their cache entry."""
    report = np.frombuffer(json.dumps(Counter(done)).encode(), np.uint8)
    allocate("report", report.shape, np.uint8)[...] = report


def kept(arrays: Mapping[str, np.ndarray]) -> Counter[str]:
    """Return what was done to the images of a cache entry: what -> number of images."""
    return Counter(json.loads(arrays["report"].tobytes()))


def notes(done: Counter[str], form: Form, rules: Rules = Rules()) -> tuple[str, ...]:  # noqa: B008
    """Return sentences about what was done to images, and warn about guesses."""
    for sentence in pixels.sentences({key: done[key] for key in pixels.DOUBTFUL}, form, rules.background):
        doubt(f"data.dir: {sentence}")
    return tuple(pixels.sentences(done, form, rules.background))


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
    workers = cores()
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
        sides = (image.width, image.height) if pixels.sideways(image) else (image.height, image.width)
        return *sides, 1 if pixels.is_gray(image) else 3


def read(path: Path, form: Form, rules: Rules, done: list[str], field: str = "data.dir") -> np.ndarray:
    """Return the image of a file as u8[H, W, channels], resized with bilinear interpolation if its size is different.

    Args:
      path: the file.
      form: size and channels of the result.
      rules: what the pixels mean.
      done: what is done to the image is appended to this list.
      field: name of the config field or argument that holds the path, for error messages.

    Raises:
      UserError: The file is not an image, or it is damaged.
    """
    with _opened(path, field) as image:
        return fit(image, form, rules, done)


def fit(image: Image.Image, form: Form, rules: Rules, done: list[str]) -> np.ndarray:
    """Return an image as u8[H, W, channels], resized with bilinear interpolation; see `read`."""
    image = pixels.plain(image, rules, done)
    wanted = "L" if form.channels == 1 else "RGB"
    if image.mode != wanted:
        done.append("gray" if image.mode == "L" else "color")
        image = image.convert(wanted)
    if image.size != (form.width, form.height):
        done.append("resized")
        image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(form)


@contextmanager
def _opened(path: Path, field: str = "data.dir") -> Iterator[Image.Image]:
    """Open an image file; raise `UserError` for any error inside the `with` block."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is not a regular file")  # a pipe or a device may never end
        with Image.open(path, formats=_FORMATS) as image:
            yield image
    except pixels.UnclearError as error:
        raise UserError(f"{field}: {path}: {error}") from error
    except MemoryError as error:
        raise too_large(field, path) from error
    except Exception as error:  # damaged files make Pillow raise errors of many types
        raise UserError(
            f"{field}: {path} is not an image that can be read ({reason(error)}); remove or replace it"
        ) from error


@contextmanager
def _no_bombs() -> Iterator[None]:
    """Make images of more than 90 million pixels an error, also in threads, and hide all other warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
