"""Image augmentation: compute network inputs from stored bytes inside the compiled program."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.ndimage import map_coordinates

from jnl.support.errors import UserError, unknown, within

_NORMALIZE = ["channels", "image", "mean_image", "none"]
_CHUNK = 2**24  # numbers that are held as float64 at the same time


class Augment(NamedTuple):
    """The augmentation and normalization of images. By default images only pass through `to_float`.

    Training applies the steps that are set, in this order:
    - `pad` adds that many zero pixels on each side. (They stand for the mean image if `normalize` is `mean_image`.)
    - `pad` and `crop` take a window at a random place. Its side is `crop`, or the size of the image if `crop` is 0.
    - `random_resized_crop` instead takes a window with an area of 8 to 100 % and a ratio of 3/4 to 4/3, and resizes it
      to side `crop` (Szegedy et al. 2015). Departures from torchvision: a window that does not fit is clipped, not
      drawn again, and pixels just outside the window affect its borders.
    - `rotate` turns by up to that many degrees either way; `shift` moves by up to that share of the height and the
      width. See `moved`.
    - `flip` mirrors half of the images.
    - `normalize`, see below.
    - `cutout` sets a square of that side to 0. Its center is uniform over the image, and the image borders cut it off
      (DeVries & Taylor 2017).

    Evaluation takes the center window of side `crop` and normalizes.

    The values of `normalize`:
    - `none` changes nothing.
    - `channels` computes (x - mean) / std with the numbers of each channel, which `fitted` sets.
    - `image` computes (x - mean) / max(std, n^-1/2) over the n numbers of each image (Malach & Shalev-Shwartz 2017).
    - `mean_image` subtracts the mean training image, which `fitted` sets. As in published code this is the first step,
      so the later steps move and mirror the difference.
    """

    pad: int = 0  # pixels
    crop: int = 0  # pixels
    random_resized_crop: bool = False
    flip: bool = False
    cutout: int = 0  # pixels
    normalize: str = "none"
    mean: tuple[float, ...] = ()  # on the scale of `to_float`, for each channel or for each number of an image
    std: tuple[float, ...] = ()  # for each channel
    shift: float = 0.0
    rotate: float = 0.0

    def check(self, shape: tuple[int, ...] | None = None) -> None:
        """Raise `UserError` if a value is invalid, or does not fit stored inputs [N, ...] of this shape."""
        for name, hint in (
            ("pad", "0 or pixels"),
            ("crop", "0 or a side in pixels"),
            ("cutout", "0 or a side in pixels"),
        ):
            within(f"augment.{name}", getattr(self, name), 0, 2**16, f"give {hint}")
        within("augment.shift", self.shift, 0, 1, "give a share of the side, such as 0.1")
        within("augment.rotate", self.rotate, 0, 180, "give degrees, such as 20")
        if self.normalize not in _NORMALIZE:
            raise unknown("augment.normalize", self.normalize, _NORMALIZE)
        if self.random_resized_crop and not self.crop:
            raise UserError(
                "augment.random_resized_crop: set augment.crop too, the side in pixels to which windows are resized"
            )
        if shape is None or self == Augment():
            return
        if len(shape) != 4:
            raise UserError(
                f"config.augment: only images can be augmented, but an input has {len(shape) - 1} axes; leave it out"
            )
        side = min(shape[1:3])
        for name in ("crop", "cutout"):
            if getattr(self, name) > side:
                raise UserError(
                    f"augment.{name}: {getattr(self, name)} is more than the {side} pixels of an image; use less"
                )
        if self.pad >= side:
            raise UserError(f"augment.pad: {self.pad} may move an image of {side} pixels out of view; use less")
        if self.normalize == "channels" and self.mean and not len(self.mean) == len(self.std) == shape[-1]:
            raise UserError(f"augment.normalize: mean and std do not fit {shape[-1]} channels; leave them out")
        if self.normalize == "mean_image" and self.mean and len(self.mean) != math.prod(shape[1:]):
            raise UserError(f"augment.normalize: mean does not fit images of shape {shape[1:]}; leave it out")

    def fitted(self, images: np.ndarray | Array) -> "Augment":
        """Return a copy with the mean and std of the stored training inputs, if `normalize` needs them.

        Raises:
          UserError: see `check`.
        """
        self.check(images.shape)
        if self.normalize == "channels":
            mean, std = channel_statistics(images)
            return self._replace(mean=mean, std=std)
        return self._replace(mean=mean_image(images)) if self.normalize == "mean_image" else self

    def __call__(self, key: Array, inputs: Array) -> Array:
        """Return the network inputs for training: random key, stored inputs [B, ...] -> f32[B, ...]."""
        key = jax.random.fold_in(key, 1)  # dropout uses the key itself
        where, mirror = jax.random.split(key)
        size = (self.crop, self.crop) if self.crop else inputs.shape[1:3]
        inputs = self._centered(inputs)
        if self.pad:
            inputs = jnp.pad(inputs, ((0, 0), (self.pad, self.pad), (self.pad, self.pad), (0, 0)))
        if self.random_resized_crop:
            inputs = _resized_windows(where, to_float(inputs), self.crop)
        elif self.pad or self.crop:
            inputs = _windows(where, inputs, size)
        if self.shift or self.rotate:
            inputs = _moved_at_random(jax.random.fold_in(key, 3), to_float(inputs), self.shift, self.rotate)
        if self.flip:
            flips = jax.random.bernoulli(mirror, shape=(len(inputs),)).reshape(-1, 1, 1, 1)
            inputs = jnp.where(jnp.broadcast_to(flips, inputs.shape), inputs[:, :, ::-1], inputs)
        images = self._normalized(to_float(inputs))
        return _cut_out(jax.random.fold_in(key, 2), images, self.cutout) if self.cutout else images

    def evaluate(self, inputs: Array) -> Array:
        """Return the network inputs for evaluation: stored inputs [B, ...] -> f32[B, ...]."""
        inputs = self._centered(inputs)
        if self.crop:
            top, left = ((side - self.crop) // 2 for side in inputs.shape[1:3])
            inputs = inputs[:, top : top + self.crop, left : left + self.crop]
        return self._normalized(to_float(inputs))

    def _centered(self, inputs: Array) -> Array:
        """Subtract the mean image if `normalize` is `mean_image`: [B, ...] -> [B, ...]."""
        if self.normalize != "mean_image":
            return inputs
        return to_float(inputs) - jnp.asarray(self.mean, jnp.float32).reshape(1, *inputs.shape[1:])

    def _normalized(self, images: Array) -> Array:
        """Normalize if `normalize` is `channels` or `image`: f32[B, ...] -> f32[B, ...]."""
        if self.normalize == "channels":
            mean, std = (jnp.asarray(numbers, jnp.float32).reshape(1, 1, 1, -1) for numbers in (self.mean, self.std))
            return (images - mean) / std
        if self.normalize == "image":
            mean, std = (of(images, (1, 2, 3), keepdims=True) for of in (jnp.mean, jnp.std))
            return (images - mean) / jnp.maximum(std, 1 / math.sqrt(math.prod(images.shape[1:])))
        return images


def to_float(inputs: Array) -> Array:
    """Convert bytes u8[B, H, W, channels] to f32 in [0, 1]. Inputs of any other dtype do not change."""
    return inputs.astype(jnp.float32) / 255.0 if inputs.dtype == jnp.uint8 else inputs


def channel_statistics(images: np.ndarray | Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and standard deviation of each channel of [N, H, W, channels].

    Bytes count as numbers in [0, 1], floats are not scaled. The deviation of a constant channel is 1, so that it can be
    a divisor.
    """
    total, squares = np.zeros((2, images.shape[-1]))
    shift = np.asarray(images[0, 0, 0], np.float64)  # a constant channel becomes exactly 0
    for part in _float64(images):
        total += (part - shift).sum((0, 1, 2))
        squares += np.square(part - shift).sum((0, 1, 2))
    number = math.prod(images.shape[:3])
    mean, unit = total / number, _unit(images)
    std = np.sqrt(np.maximum(squares / number - mean**2, 0.0)) / unit
    return tuple(((shift + mean) / unit).tolist()), tuple(np.where(std > 0, std, 1.0).tolist())


def mean_image(images: np.ndarray | Array) -> tuple[float, ...]:
    """Return the mean of [N, H, W, channels] over N as a flat tuple.

    Bytes count as numbers in [0, 1], floats are not scaled.
    """
    total = sum(part.sum(0) for part in _float64(images))
    return tuple((total / (len(images) * _unit(images))).reshape(-1).tolist())


def _float64(images: np.ndarray | Array) -> Iterator[np.ndarray]:
    """Yield f64[n, ...] parts of all images on the host, so that the whole array need not fit in memory."""
    rows = max(1, _CHUNK // max(1, math.prod(images.shape[1:])))
    for start in range(0, len(images), rows):
        yield np.asarray(images[start : start + rows], np.float64)


def _unit(images: np.ndarray | Array) -> float:
    """Return the stored number that stands for 1.0: 255 for bytes."""
    return 255.0 if images.dtype == np.uint8 else 1.0


def moved(image: Array, angle: Array | float, offset: Array) -> Array:
    """Rotate an image around its center c and move it.

    Pixel p of the result is the pixel R(p - c + offset) + c of the image, as in Keras. Departure: the center in Keras
    is one pixel further down and right.

    Args:
      image: f32[H, W, channels].
      angle: f32[], angle of the rotation R in radians.
      offset: f32[2], pixels, rows first.

    Returns:
      f32[H, W, channels], interpolated linearly. Outside of the image the border pixels are repeated.
    """
    height, width = image.shape[:2]
    middle = (height - 1) / 2, (width - 1) / 2
    down, right = jnp.meshgrid(jnp.arange(height) - middle[0], jnp.arange(width) - middle[1], indexing="ij")
    down, right = down + offset[0], right + offset[1]
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    where = [cosine * down - sine * right + middle[0], sine * down + cosine * right + middle[1]]
    return jax.vmap(lambda channel: map_coordinates(channel, where, order=1, mode="nearest"), -1, -1)(image)


def _moved_at_random(key: Array, images: Array, share: float, degrees: float) -> Array:
    """Rotate and move each of f32[B, H, W, channels] by its own random angle and offset."""
    of_angle, of_offset = jax.random.split(key)
    most = math.radians(degrees)
    angles = jax.random.uniform(of_angle, (len(images),), minval=-most, maxval=most)
    offsets = jax.random.uniform(of_offset, (len(images), 2), minval=-share, maxval=share)
    return jax.vmap(moved)(images, angles, offsets * jnp.array([images.shape[1:3]], jnp.float32))


def _windows(key: Array, images: Array, size: tuple[int, ...]) -> Array:
    """Cut a window of `size` pixels at a random place from each of [B, H, W, channels]."""
    room = jnp.array([[whole - side + 1 for whole, side in zip(images.shape[1:3], size, strict=True)]])
    corners = jax.random.randint(key, (len(images), 2), 0, room)

    def window(image: Array, corner: Array) -> Array:
        return lax.dynamic_slice(image, (corner[0], corner[1], 0), (*size, image.shape[-1]))

    return jax.vmap(window)(images, corners)


def _resized_windows(key: Array, images: Array, side: int) -> Array:
    """Cut a random window from each of f32[B, H, W, channels] and resize it to side x side."""
    of_area, of_ratio, of_place = jax.random.split(key, 3)
    number, height, width, channels = images.shape
    area = height * width * jax.random.uniform(of_area, (number,), minval=0.08, maxval=1.0)
    ratio = jnp.exp(jax.random.uniform(of_ratio, (number,), minval=math.log(3 / 4), maxval=math.log(4 / 3)))
    whole = jnp.array([[height, width]], jnp.float32)
    sides = jnp.clip(jnp.round(jnp.sqrt(jnp.stack([area / ratio, area * ratio], 1))), 1.0, whole)
    corners = jnp.floor(jax.random.uniform(of_place, (number, 2)) * (whole - sides + 1))

    def resize(image: Array, scale: Array, corner: Array) -> Array:
        return jax.image.scale_and_translate(
            image, (side, side, channels), (0, 1), scale, -corner * scale, "linear", antialias=True
        )

    return jax.vmap(resize)(images, side / sides, corners)


def _cut_out(key: Array, images: Array, side: int) -> Array:
    """Set a random square in each of f32[B, H, W, channels] to 0."""
    size = images.shape[1:3]
    corners = jax.random.randint(key, (len(images), 2), 0, jnp.array([size])) - side // 2

    def inside(axis: int) -> Array:
        place = jnp.arange(size[axis])[None] - corners[:, axis, None]
        return (place >= 0) & (place < side)

    hole = inside(0)[:, :, None, None] & inside(1)[:, None, :, None]
    return jnp.where(jnp.broadcast_to(hole, images.shape), 0.0, images)
