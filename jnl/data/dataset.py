"""What a data set is."""

from collections.abc import Callable
from typing import NamedTuple

from jax import Array


class Split(NamedTuple):
    """One part of a data set.

    As loaded, its arrays are NumPy's, perhaps mapped files; a program puts them on its devices.
    """

    inputs: Array  # u8[N, H, W, channels] images, f32[N, D] features or i32[N, T] tokens
    labels: Array  # i32[N] what training sees; noise may be added to it
    # i32[N] the truth: -1 where nobody knows it, C for what is of no class (open-set); only metrics may read it
    clean: Array


class Dataset(NamedTuple):
    """A data set; the index of an example is its row, in the order of the original files."""

    train: Split
    test: Split | None  # clean; None where there is none
    class_names: tuple[str, ...]
    # Row of the training set -> the file that it was read from, or the row of a table; None where nobody knows.
    origin: Callable[[int], str] | None = None
