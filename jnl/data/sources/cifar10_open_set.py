"""CIFAR-10 with open-set noise: images that belong to no class of CIFAR-10 replace 40 % of the training images.

- `recipe="random"`, as ODNL and Co-teaching+ describe it: a random 40 % of the examples keep their label and get a
  random image of another data set.
- `recipe="tail"`, the code of Wang et al. 2018: the first 60 % of CIFAR-10 stay. Images of another data set replace the
  last 40 %. They get the labels 0 to C - 1 in turn, so that each class gets the same number.

With both recipes the true label of a replaced example is C, which is none of the classes. So label precision counts the
example as wrong.
"""

from pathlib import Path

import numpy as np

from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers import files, tfds
from jnl.data.sources import cifar10, cifar100
from jnl.support.errors import UserError, unknown, within
from jnl.support.paths import Folder

NOISY = True
OUTSIDE = {"cifar100": "cifar100", "svhn": "svhn_cropped", "imagenet32": ""}  # name here -> name in TFDS
RECIPES = ["random", "tail"]


def load(
    dir: Folder = None, outside: str = "cifar100", share: float = 0.4, recipe: str = "random", seed: int = 0
) -> Dataset:
    """Load CIFAR-10 with open-set noise.

    Args:
      dir: folder with CIFAR-10 as for `cifar10` and the outside images: CIFAR-100, the prepared `svhn_cropped`, or a
        folder `imagenet32` with the files `train_data_batch_*.npz` of downsampled ImageNet.
      outside: data set of the outside images: `cifar100`, `svhn` or `imagenet32`.
      share: share of the training images that are replaced.
      recipe: which images are replaced: any (`random`), or the last ones (`tail`).
      seed: seed for the choice of the outside images and, for "random", of the replaced examples.

    Raises:
      UserError: An option is invalid, files are missing or damaged, or there are too few outside images.
    """
    if outside not in OUTSIDE:
        raise unknown("data.outside", outside, list(OUTSIDE))
    if recipe not in RECIPES:
        raise unknown("data.recipe", recipe, RECIPES)
    within("data.share", share, 0, 1, "published: 0.4")
    within("data.seed", seed, 0, 2**31 - 1, "published: 0")
    inside = cifar10.load(dir)
    others, notes = _outside(outside, dir)
    inputs, labels = np.array(inside.train.inputs), np.array(inside.train.labels)
    number, classes = int(share * len(labels)), len(inside.class_names)
    if number > len(others):
        raise UserError(
            f"data.share: {share} needs {number:,} images from outside, but {outside} has only {len(others):,}; use a "
            "smaller share"
        )
    stream = np.random.RandomState(seed)
    if recipe == "random":
        replaced = np.sort(stream.choice(len(labels), number, replace=False))
    else:
        replaced = np.arange(len(labels) - number, len(labels))
        labels[replaced] = np.arange(number) % classes
    clean = labels.copy()
    clean[replaced] = classes
    inputs[replaced] = others[np.sort(stream.choice(len(others), number, replace=False))]
    return inside._replace(train=split(inputs, labels, clean), notes=inside.notes + notes)


def _outside(outside: str, dir: Folder) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the training images of another data set, u8[N, H, W, 3], and the notes about them."""
    if outside == "imagenet32":
        return _imagenet32(Path(dir or ".") / "imagenet32"), ()
    others = cifar100.load(dir) if outside == "cifar100" else tfds.read(OUTSIDE[outside], dir)
    return np.asarray(others.train.inputs), others.notes


def _imagenet32(folder: Path) -> np.ndarray:
    """Return the images of the files, u8[N, 32, 32, 3]. The files store an image as 3,072 numbers by channel."""
    paths = sorted(folder.glob("train_data_batch_*.npz"))
    if not paths:
        raise UserError(f"data.dir: no train_data_batch_*.npz in {folder}; put downsampled ImageNet (32 x 32) there")

    def read(path: Path, key: str, *shape: int) -> np.ndarray:
        array = files.arrays(path, "data.dir", (key,))[key]
        if not array.ndim or array.shape[1:] != shape:
            raise UserError(
                f"data.dir: {key} in {path} has the shape {array.shape}; give downsampled ImageNet (32 x 32)"
            )
        return array

    def make(allocate: cache.Allocate) -> None:
        counts = [len(read(path, "labels")) for path in paths]
        images, end = allocate("images", (sum(counts), 32, 32, 3), np.uint8), 0
        for path, count in zip(paths, counts, strict=True):  # one file at a time, because all files together have 4 GB
            data = read(path, "data", 3072)
            if len(data) != count or data.dtype != np.uint8:
                raise UserError(
                    f"data.dir: data in {path} are {data.dtype} {data.shape}; give one uint8 image for each label"
                )
            begin, end = end, end + count
            images[begin:end] = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)

    return cache.through("imagenet32", paths, make)["images"]
