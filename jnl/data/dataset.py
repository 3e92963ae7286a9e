"""What a data set is."""

from typing import NamedTuple

from jax import Array


class Split(NamedTuple):
    """One part of a data set, on the device."""

    inputs: Array  # u8[N, H, W, channels] images or f32[N, D] features
    labels: Array  # i32[N] what training sees; the same as `clean` until noise is added
    clean: Array  # i32[N] the truth, or -1 where nobody knows it; only metrics may read it


class Dataset(NamedTuple):
    """A data set; the index of an example is its row, in the order of the original files."""

    train: Split
    test: Split
    class_names: tuple[str, ...]
