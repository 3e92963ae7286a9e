"""Turn arrays of any library into arrays of the types that a data set stores."""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from jnl.core.errors import UserError, reason

_CHANNELS = (1, 3, 4)  # numbers of channels that images usually have


def array(values: ArrayLike, name: str) -> np.ndarray:
    """Return values as a NumPy array. `name` is the argument, for error messages."""
    try:
        found = np.asarray(values)
    except Exception as error:  # any library may fail in `__array__` in its own way
        raise UserError(f"{name}: not an array ({reason(error)}); give an array or a list of numbers") from error
    if found.dtype.kind == "O" and found.size and all(isinstance(value, str) for value in found.ravel()):
        return found.astype(str)
    return found


def tokens(inputs: np.ndarray, name: str) -> np.ndarray:
    """Return tokens as i32[N, T]. Raise `UserError` if they are no whole numbers, or too large."""
    if inputs.dtype.kind not in "iu" or inputs.ndim != 2:
        raise UserError(f"{name}: {inputs.dtype} of shape {inputs.shape}; give tokens as whole numbers [N, T]")
    if inputs.size and not 0 <= inputs.min() <= inputs.max() < 2**31:
        raise UserError(f"{name}: tokens go from {inputs.min()} to {inputs.max()}; give numbers from 0 to 2^31 - 1")
    return inputs.astype(np.int32)


def images(inputs: np.ndarray, name: str) -> np.ndarray:
    """Return images [N, H, W] or [N, H, W, channels] as uint8 with the same shape.

    Raises:
      UserError: the channels come first, or the values are neither whole numbers from 0 to 255 nor fractions to 1.
    """
    if inputs.ndim == 4 and inputs.shape[1] in _CHANNELS and inputs.shape[-1] not in _CHANNELS:
        raise UserError(
            f"{name}: images of shape {inputs.shape} have their channels first; give [N, H, W, channels], such as by "
            "numpy.moveaxis(images, 1, -1)"
        )
    if inputs.dtype == np.uint8 or not inputs.size:
        return inputs
    low, high = inputs.min(), inputs.max()
    if inputs.dtype.kind == "f" and 0 <= low and high <= 1:
        warnings.warn(f"{name}: fractions from 0 to 1 were rounded to the 256 levels of uint8 images", stacklevel=5)
        return np.rint(inputs * 255).astype(np.uint8)
    if inputs.dtype.kind in "iu" and 0 <= low and high <= 255:
        return inputs.astype(np.uint8)
    raise UserError(
        f"{name}: {inputs.dtype} images with values from {low:g} to {high:g}; give uint8 images from 0 to 255, or "
        "fractions from 0 to 1; `config.augment.normalize` normalizes them"
    )
