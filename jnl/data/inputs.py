"""Decide what arrays of inputs are: images, features or tokens. This never follows from the width of their numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jnl.data import convert
from jnl.data.notes import doubt
from jnl.support.errors import UserError, unknown

_HEAD = 20  # number of rows that are looked at first
KINDS = ["features", "images", "tokens"]


class Inputs(NamedTuple):
    """Inputs as a data set stores them, but numbers as precise as they were."""

    inputs: np.ndarray  # u8[N, H, W, channels], i32[N, T], f32[N, D] or, of numbers that need it, f64[N, D]
    limits: tuple[float, ...]  # the values that became black and white, if they were not 0 and 255
    notes: tuple[str, ...]


def read(inputs: np.ndarray, part: str, kind: str = "", limits: Sequence[float] = ()) -> Inputs:
    """Return inputs in one of the types that a data set stores. Numbers are not rounded yet.

    Args:
      inputs: numbers [N, D], [N, H, W], [N, H, W, channels] or [N, channels, H, W].
      part: "training" or "test", for messages.
      kind: one of `KINDS`; "" takes 2 axes as features, and 3 or 4 axes as images.
      limits: the values of black and white in images; see `convert.images`.

    Raises:
      UserError: The kind is unknown, or the inputs do not fit it.
    """
    if kind and kind not in KINDS:
        raise unknown("data.kind", kind, KINDS)
    name = f"data: {part} inputs"
    form = kind or {2: "features", 3: "images", 4: "images"}.get(inputs.ndim, "")
    fits = inputs.ndim in (3, 4) if form == "images" else inputs.ndim == 2
    if not form or not fits or inputs.dtype.kind not in "biuf" or not inputs.size:
        wanted = {
            "images": "images [N, H, W, channels]", "features": "numbers [N, D]", "tokens": "whole numbers [N, T]",
            "": "uint8 images [N, H, W, channels] or numbers [N, D]",
        }[form]  # fmt: skip
        raise UserError(f"{name} are {inputs.dtype} of shape {inputs.shape}; give {wanted}")
    if limits and form != "images":
        raise UserError(f"data.range: {name.removeprefix('data: ')} are {form}, which have no range; leave it out")
    said = f"{name} are {form}, {'as data.kind says' if kind else f'because they have {inputs.ndim} axes'}"
    if form == "tokens":
        return Inputs(convert.tokens(inputs, name), (), (said,))
    if form == "images":
        found = convert.images(inputs, name, limits)
        return Inputs(found.images, found.limits, (said, *found.notes))
    notes = [said]
    if not kind and inputs.dtype.kind in "iu" and inputs.dtype != np.uint8 and inputs.min() >= 0:
        text = (
            f"{name} are whole numbers with 2 axes, which were read as features; if they are the words of texts, set "
            "data.kind=tokens (kind='tokens' in Python), otherwise data.kind=features"
        )
        notes.append(doubt(text))
    precise = np.result_type(inputs.dtype, np.float32)  # float64 for whole numbers of 32 and 64 bits
    return Inputs(inputs.astype(precise, copy=False), (), tuple(notes))


def row_numbers(inputs: np.ndarray) -> tuple[str, ...]:
    """Return a doubt about each column of features f[N, D] that numbers the rows, in any order."""
    head = inputs[:_HEAD]
    if inputs.dtype.kind != "f" or len(head) < _HEAD:
        return ()
    with np.errstate(invalid="ignore"):  # `data.load` reports infinite values
        steps = np.sort(head, axis=0) - head.min(0)
        whole = (steps == np.rint(steps)) & (np.diff(steps, axis=0, prepend=-1) > 0)
        columns = np.flatnonzero(whole.all(0)).tolist()
        found = [column for column in columns if (np.diff(np.sort(inputs[:, column])) == 1).all()]
    return tuple(
        doubt(f"data: column {column} of the training inputs numbers the rows; leave it out") for column in found
    )
