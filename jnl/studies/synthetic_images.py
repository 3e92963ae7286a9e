"""Made inputs: images without some of their structure, or without all of it.

Zhang et al. 2017 (Understanding deep learning requires rethinking generalization), section 2; Gaussian pixels are randX
of Arpit et al. 2017 (A Closer Look at Memorization in Deep Networks), section 3. Labels stay as they are.
"""

from collections.abc import Callable

import jax
import numpy as np

from jnl.core.errors import UserError
from jnl.data.arrays import split
from jnl.data.dataset import Dataset, Split
from jnl.ops.augment import channel_statistics

Make = Callable[[Dataset, int], Dataset]  # (a data set of images, seed) -> the same labels with other images


def check(dataset: Dataset) -> None:
    """Raises `UserError` unless the inputs are images [N, H, W, channels]."""
    if dataset.train.inputs.ndim != 4:
        raise UserError("--data: the studies move pixels, these inputs are no images; use mnist or cifar10")


def subset(dataset: Dataset, examples: int, tests: int, seed: int = 0) -> Dataset:
    """So many random examples of each split, in their order; all where the number is 0 or more than there are."""
    random = np.random.default_rng(seed)

    def some(part: Split, number: int) -> Split:
        rows = np.sort(random.permutation(len(part.labels))[: number or None])
        return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], part)

    train = some(dataset.train, examples)
    return dataset._replace(train=train, test=None if dataset.test is None else some(dataset.test, tests))


def shuffled_pixels(dataset: Dataset, seed: int) -> Dataset:
    """One permutation of the pixels for all images, the channels of a pixel together."""
    images = np.asarray(dataset.train.inputs)
    order = np.random.default_rng(seed).permutation(images.shape[1] * images.shape[2])
    return _with_images(dataset, lambda pixels: pixels[:, order])


def random_pixels(dataset: Dataset, seed: int) -> Dataset:
    """A permutation of its own for each image, the channels of a pixel together."""
    random = np.random.default_rng(seed)

    def shuffle(pixels: np.ndarray) -> np.ndarray:
        order = np.argsort(random.random(pixels.shape[:2]), axis=1)
        return np.take_along_axis(pixels, order[:, :, None], axis=1)

    return _with_images(dataset, shuffle)


def gaussian_pixels(dataset: Dataset, seed: int) -> Dataset:
    """Independent pixels with the mean and variance of their channel over the training set: f32, in units of [0, 1]."""
    random = np.random.default_rng(seed)
    mean, deviation = (np.asarray(numbers, np.float32) for numbers in channel_statistics(dataset.train.inputs))
    return _with_images(dataset, lambda pixels: mean + deviation * random.standard_normal(pixels.shape, np.float32))


def _with_images(dataset: Dataset, change: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    """`change` gets the images of each split as [N, pixels, channels]."""

    def one(part: Split) -> Split:
        images = np.asarray(part.inputs)
        changed = change(images.reshape(len(images), -1, images.shape[-1]))
        return split(changed.reshape(images.shape), np.asarray(part.labels), np.asarray(part.clean))

    return dataset._replace(train=one(dataset.train), test=None if dataset.test is None else one(dataset.test))
