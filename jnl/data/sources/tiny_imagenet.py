"""Tiny ImageNet: 100,000 + 10,000 colour images, 64x64x3, 200 classes; its validation set is the clean test set.

`data.dir` is the unpacked folder, `tiny-imagenet-200` or what holds it: `wnids.txt`, `words.txt`,
`train/<wnid>/images/*.JPEG`, `val/images/*.JPEG` with `val/val_annotations.txt`.
"""

from pathlib import Path

import numpy as np

from jnl.data import images
from jnl.data.dataset import Dataset
from jnl.data.files import lines
from jnl.data.tfds_reader import Folder

_FORM = images.Form(64, 64, 3)


def load(dir: Folder = None) -> Dataset:
    """Classes in the alphabetical order of their WordNet ids, as folder readers have them."""
    root = Path(dir or "tiny-imagenet-200")
    root = root / "tiny-imagenet-200" if (root / "tiny-imagenet-200").is_dir() else root
    ids = sorted(line[0] for line in lines(root / "wnids.txt", 1, "tiny-imagenet-200"))
    number = {wnid: position for position, wnid in enumerate(ids)}
    words = {wnid: " ".join(name) for wnid, *name in lines(root / "words.txt", 2, "tiny-imagenet-200")}
    train = [(path, number[wnid]) for wnid in ids for path in sorted((root / "train" / wnid / "images").glob("*.JPEG"))]
    annotated = lines(root / "val" / "val_annotations.txt", 2, "tiny-imagenet-200")
    test = [(root / "val" / "images" / name, number[wnid]) for name, wnid, *_ in annotated]
    names = tuple(words.get(wnid, wnid).split(",")[0] for wnid in ids)
    return Dataset(_split("train", train), _split("test", test), names)


def _split(part: str, files: list[tuple[Path, int]]) -> images.Split:
    paths, labels = zip(*files, strict=True)
    return images.load(f"tiny_imagenet-{part}", paths, np.array(labels), _FORM)
