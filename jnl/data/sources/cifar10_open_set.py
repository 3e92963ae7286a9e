"""CIFAR-10 with open-set noise: 40 % of the training images are replaced by images of no class of it.

`recipe="random"` (as ODNL and Co-teaching+ describe it): a random 40 % of the examples keep their label and get a
random image from outside. `recipe="tail"` (the code of Wang et al. 2018): the first 60 % of CIFAR-10 stay, and as many
outside images as are left follow, labeled in turn so that each class gets the same number. Either way the truth of a
replaced example is C, none of the classes, so label precision counts it as wrong.
"""

from pathlib import Path

import numpy as np

from jnl.core.errors import UserError, unknown, within
from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers import files, tfds
from jnl.data.readers.tfds import Folder, by_id

NOISY = True
OUTSIDE = {"cifar100": "cifar100", "svhn": "svhn_cropped", "imagenet32": ""}  # by their names in TFDS
RECIPES = ["random", "tail"]


def load(
    dir: Folder = None, outside: str = "cifar100", share: float = 0.4, recipe: str = "random", seed: int = 0
) -> Dataset:
    """`dir` has the prepared `cifar10` and the images from outside: `cifar100`, `svhn_cropped`, or a folder
    `imagenet32` with the files `train_data_batch_*.npz` of downsampled ImageNet.
    """
    if outside not in OUTSIDE:
        raise unknown("data.outside", outside, list(OUTSIDE))
    if recipe not in RECIPES:
        raise unknown("data.recipe", recipe, RECIPES)
    within("data.share", share, 0, 1, "published: 0.4")
    within("data.seed", seed, 0, 2**31 - 1, "published: 0")
    inside = tfds.read("cifar10", dir, by_id)
    others = _imagenet32(Path(dir or ".") / "imagenet32") if outside == "imagenet32" else _tfds(OUTSIDE[outside], dir)
    inputs, labels = np.array(inside.train.inputs), np.array(inside.train.labels)
    number, classes = int(share * len(labels)), len(inside.class_names)
    if number > len(others):
        raise UserError(f"data.share: {share} takes {number:,} images from outside, {outside} has {len(others):,}")
    stream = np.random.RandomState(seed)
    if recipe == "random":
        replaced = np.sort(stream.choice(len(labels), number, replace=False))
    else:
        replaced = np.arange(len(labels) - number, len(labels))
        labels[replaced] = np.arange(number) % classes
    clean = labels.copy()
    clean[replaced] = classes
    inputs[replaced] = others[np.sort(stream.choice(len(others), number, replace=False))]
    return inside._replace(train=split(inputs, labels, clean))


def _tfds(name: str, dir: Folder) -> np.ndarray:
    return np.asarray(tfds.read(name, dir, by_id if name == "cifar100" else tfds.as_stored).train.inputs)


def _imagenet32(folder: Path) -> np.ndarray:
    """u8[N, 32, 32, 3]; the files hold 3,072 numbers an image, channel after channel."""
    paths = sorted(folder.glob("train_data_batch_*.npz"))
    if not paths:
        raise UserError(f"data.dir: no train_data_batch_*.npz in {folder}; put downsampled ImageNet (32 x 32) there")

    def read(path: Path, key: str, *shape: int) -> np.ndarray:
        array = files.arrays(path, "data.dir", (key,))[key]
        if not array.ndim or array.shape[1:] != shape:
            raise UserError(f"data.dir: {key} in {path} is {array.shape}, not of downsampled ImageNet (32 x 32)")
        return array

    def make(allocate: cache.Allocate) -> None:
        counts = [len(read(path, "labels")) for path in paths]
        images, end = allocate("images", (sum(counts), 32, 32, 3), np.uint8), 0
        for path, count in zip(paths, counts, strict=True):  # one at a time: all are 4 GB
            data = read(path, "data", 3072)
            if len(data) != count or data.dtype != np.uint8:
                raise UserError(f"data.dir: data in {path} are {data.dtype} {data.shape}, not uint8 for each label")
            begin, end = end, end + count
            images[begin:end] = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)

    return cache.through("imagenet32", paths, make)["images"]
