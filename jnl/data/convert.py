"""Turn arrays of any library into arrays of the types that a data set stores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jnl.data.notes import doubt
from jnl.support.errors import UserError, reason

_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)  # that arrays of objects may hold
_CHANNELS = (1, 3, 4)  # numbers of channels that images usually have
_AT_ONCE = 2**10  # number of images that are scaled together, which limits the memory
_DARK_DATA_SET = 32  # of 255: if no pixel of all images reaches this level, their range may be another


class Images(NamedTuple):
    """Images as a data set stores them."""

    images: np.ndarray  # u8[N, H, W, channels]
    limits: tuple[float, ...]  # the values that became black and white; () if they were levels from 0 to 255 before
    notes: tuple[str, ...]


def array(values: ArrayLike, name: str) -> np.ndarray:
    """Return values as a NumPy array of a usual type. `name` is the argument, for error messages.

    Small floats of JAX, such as bfloat16, become float32, which holds the same numbers.
    """
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise UserError(f"{name}: a sparse matrix; give {name}.toarray()")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        row = int(np.argwhere(np.ma.getmaskarray(values))[0][0])
        raise UserError(f"{name}: masked values, first in row {row}; fill them in, or leave these rows out")
    try:
        found = np.asarray(values)
    except Exception as error:  # any library may fail in `__array__` in its own way
        raise UserError(f"{name}: not an array ({reason(error)}); give an array or a list of numbers") from error
    if found.dtype.kind == "V" and np.can_cast(found.dtype, np.float32):
        return found.astype(np.float32)
    if found.dtype.kind == "O" and hasattr(values, "iloc") and hasattr(values, "dtypes"):
        found = _numbers_of(values, found)
    if found.dtype.kind == "O" and found.size:
        if all(isinstance(value, str) for value in found.flat):
            return found.astype(str)
        if all(isinstance(value, _NUMBERS) for value in found.flat):
            return np.array(found.tolist())
    return found


def _numbers_of(frame: object, found: np.ndarray) -> np.ndarray:
    """Return a pandas frame or series of numbers and truth values as f64 of its shape, and others as `found`."""
    types = getattr(frame, "dtypes", ())
    if {getattr(dtype, "kind", "O") for dtype in np.atleast_1d(np.array(types, object))} <= set("biuf"):
        return np.asarray(frame.to_numpy(np.float64, na_value=np.nan))  # type: ignore[attr-defined]
    return found


def tokens(inputs: np.ndarray, name: str) -> np.ndarray:
    """Return tokens as i32[N, T]. Raise `UserError` if they are no whole numbers, or too large."""
    if inputs.dtype.kind not in "iu" or inputs.ndim != 2:
        raise UserError(f"{name}: {inputs.dtype} of shape {inputs.shape}; give tokens as whole numbers [N, T]")
    if inputs.size and not 0 <= inputs.min() <= inputs.max() < 2**31:
        raise UserError(f"{name}: tokens go from {inputs.min()} to {inputs.max()}; give numbers from 0 to 2^31 - 1")
    return inputs.astype(np.int32, copy=False)


def images(inputs: np.ndarray, name: str, limits: Sequence[float] = (), shape: Sequence[int] = ()) -> Images:
    """Return images with 8 bits and the channels last.

    Args:
      inputs: [N, H, W], [N, H, W, channels] or [N, channels, H, W], of any type of number.
      name: the argument or part of the data, for messages.
      limits: the values of black and white; () takes whole numbers up to 255 as levels, and fractions
        from 0 to 1 by 0 and 1.
      shape: the shape of stored images, if a model was trained on such ones. Then it decides which axis has the
        channels. The limits are then the values of black and white in the training images, and () means that these
        images had levels from 0 to 255. Images of uint8 then have these levels too, if white was 1 or above 255.

    Raises:
      UserError: The values of black and white are not known, do not hold all values, or are far apart for fractions;
        or images of uint8 may have the levels 0 to 1 or 0 to 255.
    """
    said = list[str]()
    if inputs.ndim == 3:
        inputs = inputs[..., None]
    elif _channels_first(inputs.shape, name, shape, said):
        said.append(f"{name}: images {_sides(inputs)} have their channels first; they were moved to the last axis")
        inputs = np.moveaxis(inputs, 1, -1)
    if not inputs.size:
        return Images(inputs.astype(np.uint8), (), tuple(said))
    if inputs.dtype.kind == "f" and not np.isfinite([inputs.min(), inputs.max()]).all():
        row = int(np.argmin([np.isfinite(image).all() for image in inputs]))
        raise UserError(f"{name}: image {row} (the first is 0) has NaN or infinite values; fill them, or leave it out")
    trained = bool(shape)
    found = tuple(limits) or _limits(inputs, name, trained)
    if found == (0, 255) and inputs.dtype == np.uint8:
        found = ()
    if inputs.dtype == np.uint8 and trained and found == (0, 1) and inputs.max() == 1:
        raise UserError(
            f"{name}: images of uint8 have the levels 0 to 255, but these only have 0 and 1; give them as bool if 1 is "
            "white, or divided by 255 if it is nearly black"
        )
    if inputs.dtype == np.uint8 and found and (found[1] > 255 or (found == (0, 1) and inputs.max() > 1)):
        found = ()
        said.append(f"{name}: images of uint8 were not scaled by the range, because they have the levels 0 to 255")
    if found:
        _check_limits(inputs, name, found, trained)
    said += _dark(inputs, name, found, trained)
    if not found:
        return Images(inputs.astype(np.uint8, copy=False), found, tuple(said))
    text = f"{name}: {inputs.dtype} images were rounded to 256 levels from {found[0]:g} (black) to {found[1]:g} (white)"
    said.append(text if limits or inputs.dtype.kind == "b" else doubt(text))
    levels = np.empty(inputs.shape, np.uint8)
    for begin in range(0, len(inputs), _AT_ONCE):
        some = inputs[begin : begin + _AT_ONCE].astype(np.float64)
        levels[begin : begin + _AT_ONCE] = np.rint((some - found[0]) * (255 / (found[1] - found[0])))
    return Images(levels, found, tuple(said))


def _sides(inputs: np.ndarray) -> str:
    return " x ".join(map(str, inputs.shape[1:]))


def _channels_first(found: Sequence[int], name: str, stored: Sequence[int], said: list[str]) -> bool:
    """Return whether the first axis of images has the channels, in arrays of shape `found`; add doubts to `said`."""
    _, first, middle, last = found
    if stored and stored[-1] in (first, last) and (first != last):
        return first == stored[-1]
    if not stored and last not in _CHANNELS and first not in _CHANNELS:
        text = f"{name}: images {first} x {middle} with {last} channels, which is unusual; give [N, H, W, channels]"
        said.append(doubt(text))
    if last not in _CHANNELS or first not in _CHANNELS or first == middle:
        return first in _CHANNELS and last not in _CHANNELS
    read_first = middle == last
    which = "first" if read_first else "last"
    text = f"{name}: images of shape {list(found[1:])} were read with their channels {which}; they may mean either"
    said.append(doubt(text))
    return read_first


def _limits(inputs: np.ndarray, name: str, trained: bool) -> tuple[float, ...]:
    """Return the values of black and white; () for levels from 0 to 255, which a trained model has read before."""
    if inputs.dtype == np.uint8:
        return ()
    low, high = inputs.min(), inputs.max()
    if inputs.dtype.kind == "b" or (inputs.dtype.kind == "f" and 0 <= low and high <= 1):
        return (0, 1)
    whole = inputs.dtype.kind in "iu" or bool((inputs == np.rint(inputs)).all())
    if whole and 0 <= low and high <= 255 and (trained or high > 1):
        return ()
    advice = (
        "say which are black and white, such as data.range=0,65535 (value_range=(0, 65535) in Python); "
        "`config.augment.normalize` normalizes them"
    )
    if trained:
        advice = "the model was trained on levels from 0 to 255; give such whole numbers, or fractions from 0 to 1"
    raise UserError(f"{name}: {inputs.dtype} images with values from {low:g} to {high:g}; {advice}")


def _check_limits(inputs: np.ndarray, name: str, limits: tuple[float, ...], trained: bool) -> None:
    """Raise `UserError` if values are outside the limits, or are fractions from 0 to 1 in a much larger range."""
    low, high, (black, white) = inputs.min(), inputs.max(), limits
    advice = (
        "scale them in the same way as the training images" if trained else "correct data.range (value_range in Python)"
    )
    if not black <= low <= high <= white:
        raise UserError(
            f"{name}: images with values from {low:g} to {high:g}, outside the range {black:g} to {white:g} of black "
            f"and white; {advice}"
        )
    small = inputs.dtype.kind == "f" and 0 <= low and high <= 1 and white - black > 255 / _DARK_DATA_SET
    if small and (inputs != np.rint(inputs)).any():
        raise UserError(
            f"{name}: images of fractions from 0 to 1 are all of one color in the range {black:g} to {white:g} of "
            f"black and white; {advice}"
        )


def _dark(inputs: np.ndarray, name: str, limits: tuple[float, ...], trained: bool) -> list[str]:
    """Return a doubt if all images are nearly black. New images for a trained model may be dark, or black."""
    (black, white), level = limits or (0, 255), 0.0
    for begin in range(0, len(inputs), _AT_ONCE):
        level = max(level, (float(inputs[begin : begin + _AT_ONCE].max()) - black) * (255 / (white - black)))
        if level >= _DARK_DATA_SET:  # usually in the first part
            return []
    if trained and not 0 < level <= 1:
        return []
    advice = "scale them in the same way as the training images"
    advice = advice if trained else "set data.range (value_range in jnl.from_arrays), or scale the images,"
    text = f"{name}: the lightest pixel of all images has the level {level:.2g} of 255; {advice} if it should be white"
    return [doubt(text)]
