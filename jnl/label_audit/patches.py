"""Features of images that are learned without labels: how much their parts are like patches that are frequent.

Coates and Ng 2012, Learning Feature Representations with K-means. Random patches are normalized and whitened, and
spherical k-means finds frequent ones. Then all patches of an image are compared with these. What exceeds a threshold
counts, and the features are its means over each quarter of the image. Ten thousand images of CIFAR-10 take a few
seconds on a CPU, and a linear classifier on the features is right more often than a small network.

Departures: large images are shrunk first, and the features are means, not sums.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from tqdm.auto import tqdm

from jnl.ops.convolution import shifted

SMALLEST = 12  # pixels of the shorter side
_SIDE = 6  # of a patch
_LARGEST = 32  # pixels of the longer side; larger images are shrunk
_FREQUENT = 400  # number of frequent patches
_SAMPLE = 50_000  # number of patches from which these are learned
_ROUNDS = 10  # of k-means
_CONTRAST = 10.0  # is added to the variance of a patch, whose pixels are from 0 to 255
_WHITENING = 0.1  # is added to the variances of the normalized patches
_THRESHOLD = 0.25
_BATCH = 10  # images whose patches fit into the cache of a CPU


def features(images: np.ndarray) -> np.ndarray:
    """Return features f32[N, 1600] of images u8[N, H, W, channels], with mean 0 and deviation 1."""
    images = _shrunk(images)
    batches = range(0, len(images), _BATCH)
    with jax.default_matmul_precision("highest"):  # a GPU would round to TF32
        kernel, offset = _frequent(images)
        found = [
            np.asarray(_compared(jnp.asarray(images[first : first + _BATCH]), kernel, offset))
            for first in tqdm(batches, "features of images", unit="batch", leave=False, disable=None)
        ]
    joined = np.concatenate(found)
    joined -= joined.mean(0)
    joined /= joined.std(0) + 1e-3
    return joined


def _shrunk(images: np.ndarray) -> np.ndarray:
    """Return images whose longer side is at most `_LARGEST`."""
    sides = np.array(images.shape[1:3])
    if sides.max() <= _LARGEST:
        return images
    height, width = np.maximum(sides * _LARGEST // sides.max(), SMALLEST)
    small = jax.jit(lambda batch: jax.image.resize(batch, (len(batch), height, width, batch.shape[3]), "linear"))
    batches = [np.asarray(images[first : first + _BATCH], np.float32) for first in range(0, len(images), _BATCH)]
    return np.concatenate([np.asarray(small(batch)).round().astype(np.uint8) for batch in batches])


def _frequent(images: np.ndarray) -> tuple[Array, Array]:
    """Return how to compare a patch with the frequent ones: a kernel f32[6, 6, channels, 400] and offsets f32[400].

    The product of the kernel with the patch, divided by the deviation of the patch, minus the offset, is the product of
    the whitened patch with each frequent one.
    """
    stream = np.random.default_rng(0)
    windows = np.lib.stride_tricks.sliding_window_view(images, (_SIDE, _SIDE), (1, 2))  # [N, H', W', channels, 6, 6]
    number = min(_SAMPLE, windows[..., 0, 0, 0].size)
    where = tuple(stream.integers(size, size=number) for size in windows.shape[:3])
    patches = windows[where].transpose(0, 2, 3, 1).reshape(number, -1).astype(np.float32)
    patches -= patches.mean(1, keepdims=True)
    patches /= np.sqrt(patches.var(1, keepdims=True) + _CONTRAST)
    mean = patches.mean(0)
    variances, axes = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
    whitening = ((axes / np.sqrt(np.maximum(variances, 0) + _WHITENING)) @ axes.T).astype(np.float32)
    start = stream.normal(size=(_FREQUENT, patches.shape[1])).astype(np.float32)
    product = whitening @ np.asarray(_k_means((patches - mean) @ whitening, start)).T
    centered = product - product.mean(0)  # so that the mean of a patch need not be subtracted
    return jnp.asarray(centered.reshape(_SIDE, _SIDE, images.shape[3], _FREQUENT)), jnp.asarray(mean @ product)


@jax.jit
def _k_means(patches: Array, start: Array) -> Array:
    """Return directions f32[K, D] near which many patches f32[M, D] are: spherical k-means, from random directions."""

    def improve(directions: Array, _: None) -> tuple[Array, None]:
        response = patches @ directions.T
        nearest = jax.nn.one_hot(jnp.abs(response).argmax(1), len(directions))
        moved = (response * nearest).T @ patches + directions
        return moved / jnp.linalg.norm(moved, axis=1, keepdims=True), None

    return lax.scan(improve, start / jnp.linalg.norm(start, axis=1, keepdims=True), length=_ROUNDS)[0]


@jax.jit
def _compared(images: Array, kernel: Array, offset: Array) -> Array:
    """Return the mean responses of the quarters of images u8[B, H, W, channels], f32[B, 4 * 400]."""
    images = images.astype(jnp.float32)
    mean = partial(shifted, kernel=jnp.full((*kernel.shape[:3], 1), 1 / kernel[..., 0].size), padding=0)
    variance = jnp.maximum(mean(images**2) - mean(images) ** 2, 0)
    response = shifted(images, kernel, 0) / jnp.sqrt(variance + _CONTRAST) - offset[None, None, None]
    counted = jnp.maximum(response - _THRESHOLD, 0)
    halves = (part for rows in jnp.array_split(counted, 2, 1) for part in jnp.array_split(rows, 2, 2))
    return jnp.concatenate([part.mean((1, 2)) for part in halves], 1)
