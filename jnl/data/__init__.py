"""Data sets by name: `data/sources/mnist.py` holds `load(dir) -> Dataset`, and its file name is the name."""

import os
from collections.abc import Callable

import jax.numpy as jnp

from jnl import registry
from jnl.data import sources
from jnl.data.dataset import Dataset
from jnl.errors import UserError


def names() -> list[str]:
    """All data sets."""
    return registry.names(sources)


def _source(name: str) -> Callable[..., Dataset]:
    return registry.find(sources, name, "data.name").load


def options(name: str) -> dict[str, registry.Value]:
    """The options of a data set and their defaults."""
    return registry.keywords(_source(name), skip="dir")


def load(name: str, dir: str | os.PathLike[str] | None = None, **options: registry.Value) -> Dataset:
    """A data set on the device, labels clean. `dir` is where its files are (default: the TFDS directory).

    Raises:
      UserError: an unknown name or option, files that are missing (with the command that prepares them), or inputs
        that are not finite.
    """
    source = _source(name)
    registry.check_keywords(source, options, "data", skip="dir")
    dataset = source(dir=dir, **options)
    for part, split in (("train", dataset.train), ("test", dataset.test)):
        if jnp.issubdtype(split.inputs.dtype, jnp.floating) and not jnp.isfinite(split.inputs).all():
            raise UserError(f"data.name: {name!r} has non-finite {part} inputs; remove or fill NaN and infinite values")
    return dataset
