"""Load a user's own images: `data.dir` has a folder for each class, or `train` and `test` with one for each class.

The test labels must be right. The test folder may also be called `val`, `valid` or `validation`, and capital letters
are accepted. If there are several, the first name in this order is used. Classes are in alphabetical order, and the
examples of a class in the order of their paths.
"""

from pathlib import Path

import numpy as np

from jnl.core.errors import UserError
from jnl.data.dataset import Dataset
from jnl.data.readers import images
from jnl.data.readers.tfds import Folder

NOISY = True
_HELD = ("test", "val", "valid", "validation")


def load(dir: Folder = None, size: int = 0) -> Dataset:
    """Load image files; the images are u8[N, H, W, channels].

    Args:
      dir: the folder; it must be set.
      size: side of the images in pixels. 0 keeps the size that all images share; if their sizes differ, the side is the
        median of all heights and widths, but at most 224.

    Raises:
      UserError: A folder is missing, a class has no images, or an image cannot be read.
    """
    if dir is None or not Path(dir).is_dir():
        raise UserError(f"data.dir: {dir} is not a folder; give the folder that holds one folder for each class")
    root = Path(dir)
    parts = _parts(root)
    names = tuple(_folders(parts[0]))
    if len(names) < 2:
        raise UserError(
            f"data.dir: {parts[0]} holds {len(names)} folders; it needs one folder for each class, at least 2"
        )
    files = [_files(part, names) for part in parts]
    for name, count in zip(names, np.bincount(files[0][1], minlength=len(names)), strict=True):
        if not count:
            raise UserError(f"data.dir: {parts[0] / name} holds no images; add some or remove the folder")
    form = images.survey([path for paths, _ in files for path in paths], size)
    unknown = np.full(len(files[0][0]), -1)
    train = images.load("folder-train", *files[0], form, unknown)
    test = images.load("folder-test", *files[1], form) if len(files) > 1 else None
    return Dataset(train, test, names, images.origin(files[0][0], root))


def _parts(root: Path) -> list[Path]:
    """Return the folders of training and test set, or only `root` if it has no folder `train` with folders inside."""
    names = _folders(root)
    train = [name for name in names if name.lower() == "train" and _folders(root / name)][:1]
    if not train:
        return [root]
    held = sorted((name for name in names if name.lower() in _HELD), key=lambda name: _HELD.index(name.lower()))
    for name in names:
        if name not in (*train, *held) and _images(root / name):
            raise UserError(
                f"data.dir: {root / name} holds images beside {train[0]!r}; call it `test` if it is the clean test "
                "set, otherwise move it elsewhere"
            )
    return [root / name for name in (*train, *held[:1])]


def _folders(root: Path) -> list[str]:
    """Return the names of the folders inside `root` in alphabetical order; none if `root` is not a folder."""
    return sorted(path.name for path in root.glob("*") if path.is_dir() and path.name[0] != ".")


def _files(root: Path, names: tuple[str, ...]) -> tuple[list[Path], np.ndarray]:
    """Return the image files of a part of the data and their labels i32[N]. `names` has the class names."""
    if extra := sorted(set(_folders(root)) - set(names)):
        raise UserError(f"data.dir: {root} has a class {extra[0]!r} that the training set lacks")
    paths, labels = [], []
    for number, name in enumerate(names):
        mine = _images(root / name)
        paths += mine
        labels += [number] * len(mine)
    if not paths:
        raise UserError(f"data.dir: {root} holds no images ({' '.join(sorted(images.ENDINGS))})")
    return paths, np.array(labels, np.int32)


def _images(root: Path) -> list[Path]:
    """Return the image files at any depth in a folder, in the order of their paths."""
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in images.ENDINGS and path.name[0] != ".")
