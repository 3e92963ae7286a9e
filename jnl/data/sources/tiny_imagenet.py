"""Tiny ImageNet: 100,000 training and 10,000 test color images, 64x64x3, 200 classes.

The validation set is the test set. `data.dir` is the unpacked folder `tiny-imagenet-200`, or the folder around it. It
has `wnids.txt`, `words.txt`, `train/<wnid>/images/*.JPEG`, `val/images/*.JPEG` and `val/val_annotations.txt`.
"""

from pathlib import Path

import numpy as np

from jnl.data.dataset import Dataset
from jnl.data.readers import images
from jnl.data.readers.files import lines, listed
from jnl.support.errors import UserError
from jnl.support.paths import Folder

_FORM = images.Form(64, 64, 3)


def load(dir: Folder = None) -> Dataset:
    """Load Tiny ImageNet.

    The classes are in the alphabetical order of their WordNet ids, as in readers that take classes from folder names.

    Raises:
      UserError: A list is missing, empty or does not fit another list, or a class or an image is missing.
    """
    root = Path(dir or "tiny-imagenet-200")
    root = root / "tiny-imagenet-200" if (root / "tiny-imagenet-200").is_dir() else root
    ids = sorted(line[0] for line in lines(root / "wnids.txt", 1, "tiny-imagenet-200"))
    number = {wnid: position for position, wnid in enumerate(ids)}
    words = {wnid: " ".join(name) for wnid, *name in lines(root / "words.txt", 2, "tiny-imagenet-200")}
    folders = dict(zip(ids, listed(ids, root / "train", root / "wnids.txt"), strict=True))
    train = [(path, wnid) for wnid in ids for path in sorted((folders[wnid] / "images").glob("*.JPEG"))]
    if lacking := sorted(set(ids) - {wnid for _, wnid in train}):
        raise UserError(f"data.dir: no images in {root / 'train' / lacking[0] / 'images'}; unpack all of them")
    annotated = lines(root / "val" / "val_annotations.txt", 2, "tiny-imagenet-200")
    held = listed([name for name, *_ in annotated], root / "val" / "images", root / "val" / "val_annotations.txt")
    test = [(path, wnid) for path, (_, wnid, *_) in zip(held, annotated, strict=True)]
    if not test:
        raise UserError(f"data.dir: {root / 'val' / 'val_annotations.txt'} is empty; unpack it again")
    if lacking := sorted({wnid for _, wnid in test} - set(ids)):
        raise UserError(f"data.dir: val_annotations.txt has the class {lacking[0]!r}, which wnids.txt lacks")

    def split(part: str, files: list[tuple[Path, str]]) -> images.Loaded:
        labels = np.array([number[wnid] for _, wnid in files])
        return images.load(f"tiny_imagenet-{part}", [path for path, _ in files], labels, _FORM)

    names = tuple(words.get(wnid, wnid).split(",")[0] for wnid in ids)
    parts = split("train", train), split("test", test)
    return Dataset(
        parts[0].split,
        parts[1].split,
        names,
        images.origin([path for path, _ in train], root),
        notes=images.notes(parts[0].done + parts[1].done, _FORM),
    )
