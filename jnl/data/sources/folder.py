"""Load a user's own images: `data.dir` has a folder for each class, perhaps in folders `train` and `test`.

The folder of each class may also hold `train` and `test` instead. The test labels must be right. The usual names of
splits are known (`training`, `testing`, `val`, `valid`, `validation`, `eval` and others), and capital letters are
accepted. If there are several test sets, the first is used: `test`, then `val`. Files are images by their content.
Hidden files and those of operating systems are left out. Classes are in alphabetical order, and the examples of a class
in the order of their paths.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jnl.data.dataset import Dataset
from jnl.data.preparation import Preparation
from jnl.data.readers import image_files, images, layout
from jnl.data.readers.image_files import Found
from jnl.data.readers.pixels import Rules, parse_range
from jnl.support.errors import UserError
from jnl.support.paths import Folder
from jnl.support.text import listed, number

NOISY = True


def load(dir: Folder = None, size: int = 0, background: str = "white", range: str = "") -> Dataset:
    """Load image files; the images are u8[N, H, W, channels].

    Args:
      dir: the folder; it must be set.
      size: side of the images in pixels. 0 keeps the size that all images share; if their sizes differ, the side is the
        median of all heights and widths, but at most 224.
      background: the color under transparent pixels.
      range: the values of black and white in images of more than 8 bits, such as "0,4095"; "" follows their format.

    Raises:
      UserError: A folder is missing, a class has no images, or an image cannot be read.
    """
    if dir is None:
        raise UserError("data.dir: not set; give the folder that holds one folder for each class")
    if not Path(dir).is_dir():
        raise UserError(f"data.dir: {dir} is not a folder; give the folder that holds one folder for each class")
    root, rules = Path(dir), Rules(background, parse_range(range))
    found = layout.read(root)
    names = tuple(found.train)
    parts = [_files(part, names) for part in (found.train, found.test) if part is not None]
    for name in names:
        if not parts[0][name].paths:
            others = ", ".join(f"{count} {reason}" for reason, count in parts[0][name].skipped.items())
            there = f", but {others}" if others else ""
            raise UserError(f"data.dir: {found.train[name]} holds no images{there}; add some or remove the folder")
    form = images.survey([path for part in parts for each in part.values() for path in each.paths], size)
    loaded = list[images.Loaded]()
    for title, part in zip(("folder-train", "folder-test"), parts, strict=False):
        labels = np.repeat(np.arange(len(names), dtype=np.int32), [len(part[name].paths) for name in names])
        unknown = None if loaded else np.full(len(labels), -1)
        loaded.append(images.load(title, _paths(part), labels, form, unknown, rules))
    notes = (
        f"{number(sum(len(each.split.labels) for each in loaded), 'image file')} in folders of {len(names)} classes",
        *found.notes,
        *_lacking(parts, names),
        *image_files.notes([each for part in parts for each in part.values()]),
        *images.notes(sum((each.done for each in loaded), Counter()), form, rules),
    )
    return Dataset(
        loaded[0].split,
        loaded[1].split if len(loaded) > 1 else None,
        names,
        images.origin(_paths(parts[0]), root),
        Preparation(tuple(form), "uint8", range=rules.range, background=background),
        notes,
    )


def _lacking(parts: Sequence[Mapping[str, Found]], names: tuple[str, ...]) -> list[str]:
    """Return a note that lists the classes without an image in the test set, which is the second part."""
    lacking = [name for test in parts[1:] for name in names if not test[name].paths]
    return [f"classes that the test set lacks: {listed(lacking)}"] if lacking else []


def _files(part: Mapping[str, Path], names: tuple[str, ...]) -> dict[str, Found]:
    """Return the image files of each class in a part of the data. `names` are the classes of the training set."""
    if extra := sorted(set(part) - set(names)):
        raise UserError(f"data.dir: {part[extra[0]].parent} has a class {extra[0]!r} that the training set lacks")
    files = {name: image_files.find(part[name]) if name in part else Found([], Counter()) for name in names}
    if not _paths(files):
        where = next(iter(part.values())).parent if part else "the test set"
        raise UserError(f"data.dir: {where} holds no images ({' '.join(sorted(image_files.ENDINGS))})")
    return files


def _paths(files: Mapping[str, Found]) -> list[Path]:
    """Return the image files of all classes."""
    return [path for found in files.values() for path in found.paths]
