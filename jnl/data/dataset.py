"""The records for a data set and its parts."""

from collections.abc import Callable
from typing import NamedTuple

from jax import Array

from jnl.data.preparation import Preparation


class Split(NamedTuple):
    """One part of a data set.

    Loading gives NumPy arrays, which may be mapped files. A program copies them to its devices.
    """

    inputs: Array  # u8[N, H, W, channels] images, f32[N, D] features or i32[N, T] tokens
    labels: Array  # i32[N] labels that training sees; noise may be added to them
    # i32[N] true labels: -1 if unknown, C for an example of none of the classes (open-set); only metrics may read them
    clean: Array


class Dataset(NamedTuple):
    """A data set. The index of an example is its row; the rows have the order of the original files."""

    train: Split
    test: Split | None  # with true labels; None if the data set has no test set
    class_names: tuple[str, ...]
    # Function from a row of the training set to its source file or its row in a table. None if this is unknown.
    origin: Callable[[int], str] | None = None
    # How new inputs become stored inputs. None means that they already are, except for the size of images.
    preparation: Preparation | None = None
    notes: tuple[str, ...] = ()  # sentences about what was read, for people and `config.json`
    # Function from a row of the training set to its text, if the inputs are the words of texts. None if nobody has it.
    text: Callable[[int], str] | None = None

    @property
    def prepare(self) -> Preparation:
        """How new inputs become stored inputs."""
        return self.preparation or Preparation(tuple(self.train.inputs.shape[1:]), str(self.train.inputs.dtype))
