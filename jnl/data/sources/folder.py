"""Your own images: `data.dir` has a folder for each class, or `train` and `test` (clean) with one for each class.

Classes are in alphabetical order, examples in that of their paths.
"""

from pathlib import Path

import numpy as np

from jnl.data import images
from jnl.data.dataset import Dataset
from jnl.data.tfds_reader import Folder
from jnl.errors import UserError

NOISY = True


def load(dir: Folder = None, size: int = 0) -> Dataset:
    """u8[N, H, W, channels]; `size` is the side images are brought to, 0 for what they share, else their median."""
    if dir is None or not Path(dir).is_dir():
        raise UserError(f"data.dir: {dir} is no folder; give the one that holds a folder for each class")
    root = Path(dir)
    parts = [root / "train", root / "test"] if _folders(root / "train") else [root]
    names = tuple(_folders(parts[0]))
    if len(names) < 2:
        raise UserError(f"data.dir: {parts[0]} holds {len(names)} folders; it takes one for each of at least 2 classes")
    files = [_files(part, names) for part in parts if part.is_dir()]
    for name, count in zip(names, np.bincount(files[0][1], minlength=len(names)), strict=True):
        if not count:
            raise UserError(f"data.dir: {parts[0] / name} holds no images; add some or remove the folder")
    form = images.survey([path for paths, _ in files for path in paths], size)
    unknown = np.full(len(files[0][0]), -1)
    train = images.load("folder-train", *files[0], form, unknown)
    return Dataset(train, images.load("folder-test", *files[1], form) if len(files) > 1 else None, names)


def _folders(root: Path) -> list[str]:
    """Those in a folder, in alphabetical order; none if it is no folder."""
    return sorted(path.name for path in root.glob("*") if path.is_dir() and path.name[0] != ".")


def _files(root: Path, names: tuple[str, ...]) -> tuple[list[Path], np.ndarray]:
    """The images of a folder, and their labels i32[N]."""
    if extra := sorted(set(_folders(root)) - set(names)):
        raise UserError(f"data.dir: {root} has a class {extra[0]!r} that the training set lacks")
    paths, labels = [], []
    for number, name in enumerate(names):
        found = (path for path in (root / name).rglob("*") if path.suffix.lower() in images.ENDINGS)
        mine = sorted(path for path in found if path.name[0] != ".")
        paths += mine
        labels += [number] * len(mine)
    if not paths:
        raise UserError(f"data.dir: {root} holds no images ({' '.join(sorted(images.ENDINGS))})")
    return paths, np.array(labels, np.int32)
