"""Your own images: `data.dir` has a folder for each class, or `train` and `test` (clean) with one for each class.

`test` may be called `val`, `valid` or `validation`, in capitals too; of several the first in this order is read.
Classes are in alphabetical order, examples in that of their paths.
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
    """u8[N, H, W, channels]; `size` is the side images are brought to, 0 for what they share, else their median."""
    if dir is None or not Path(dir).is_dir():
        raise UserError(f"data.dir: {dir} is no folder; give the one that holds a folder for each class")
    root = Path(dir)
    parts = _parts(root)
    names = tuple(_folders(parts[0]))
    if len(names) < 2:
        raise UserError(f"data.dir: {parts[0]} holds {len(names)} folders; it takes one for each of at least 2 classes")
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
    """The folders of training and test set; the root alone if it holds the classes, of which one may be `train`."""
    names = _folders(root)
    train = [name for name in names if name.lower() == "train" and _folders(root / name)][:1]
    if not train:
        return [root]
    held = sorted((name for name in names if name.lower() in _HELD), key=lambda name: _HELD.index(name.lower()))
    for name in names:
        if name not in (*train, *held) and _images(root / name):
            raise UserError(
                f"data.dir: {root / name} holds images beside {train[0]!r}; call it `test` if it is the clean test "
                "set, else move it elsewhere"
            )
    return [root / name for name in (*train, *held[:1])]


def _folders(root: Path) -> list[str]:
    """Those in a folder, in alphabetical order; none if it is no folder."""
    return sorted(path.name for path in root.glob("*") if path.is_dir() and path.name[0] != ".")


def _files(root: Path, names: tuple[str, ...]) -> tuple[list[Path], np.ndarray]:
    """The images of a folder, and their labels i32[N]."""
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
    """Those in a folder at any depth, in the order of their paths."""
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in images.ENDINGS and path.name[0] != ".")
