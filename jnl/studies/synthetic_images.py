"""Synthetic inputs: images that lose a part or all of their structure. The labels do not change.

They are from Zhang et al. 2017 (Understanding deep learning requires rethinking generalization), section 2. Gaussian
pixels are randX of Arpit et al. 2017 (A Closer Look at Memorization in Deep Networks), section 3.
"""

from collections.abc import Callable

import jax
import numpy as np

from jnl.data.arrays import split
from jnl.data.dataset import Dataset, Split
from jnl.ops.augment import channel_statistics
from jnl.support.errors import UserError

Make = Callable[[Dataset, int], Dataset]  # (data set of images, seed) -> data set with other images, the same labels


def check(dataset: Dataset) -> None:
    """Raise `UserError` unless the inputs are images [N, H, W, channels]."""
    if dataset.train.inputs.ndim != 4:
        raise UserError("--data: the studies change pixels, but these inputs are not images; use mnist or cifar10")


def subset(dataset: Dataset, examples: int, tests: int) -> Dataset:
    """Return random examples of each split, in their original order. They are always the same ones.

    Args:
      dataset: the data set.
      examples: number of training examples. 0, or more than there are, means all.
      tests: number of test examples. 0, or more than there are, means all.
    """
    random = np.random.default_rng(0)

    def some(part: Split, number: int) -> Split:
        rows = np.sort(random.permutation(len(part.labels))[: number or None])
        return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], part)

    train = some(dataset.train, examples)
    return dataset._replace(train=train, test=None if dataset.test is None else some(dataset.test, tests))


def shuffled_pixels(dataset: Dataset, seed: int) -> Dataset:
    """Permute the pixels, with the same permutation for all images. The channels of a pixel stay together."""
    images = np.asarray(dataset.train.inputs)
    order = np.random.default_rng(seed).permutation(images.shape[1] * images.shape[2])
    return _with_images(dataset, lambda pixels: pixels[:, order])


def random_pixels(dataset: Dataset, seed: int) -> Dataset:
    """Permute the pixels, with a different permutation for each image. The channels of a pixel stay together."""
    random = np.random.default_rng(seed)

    def shuffle(pixels: np.ndarray) -> np.ndarray:
        order = np.argsort(random.random(pixels.shape[:2]), axis=1)
        return np.take_along_axis(pixels, order[:, :, None], axis=1)

    return _with_images(dataset, shuffle)


def gaussian_pixels(dataset: Dataset, seed: int) -> Dataset:
    """Replace all pixels by independent Gaussian numbers, f32.

    They have the mean and variance of their channel over the training set, in units in which inputs are in [0, 1].
    """
    random = np.random.default_rng(seed)
    mean, deviation = (np.asarray(numbers, np.float32) for numbers in channel_statistics(dataset.train.inputs))
    return _with_images(dataset, lambda pixels: mean + deviation * random.standard_normal(pixels.shape, np.float32))


def _with_images(dataset: Dataset, change: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    """Return the data set with changed images; `change` gets and returns the images as [N, pixels, channels]."""

    def one(part: Split) -> Split:
        images = np.asarray(part.inputs)
        changed = change(images.reshape(len(images), -1, images.shape[-1]))
        return split(changed.reshape(images.shape), np.asarray(part.labels), np.asarray(part.clean))

    return dataset._replace(train=one(dataset.train), test=None if dataset.test is None else one(dataset.test))
