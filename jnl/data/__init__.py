"""Data sets by name: `data/sources/mnist.py` holds `load(dir) -> Dataset`, and its file name is the name.

A name may have a second part, as in `tfds:food101`: it goes to the source as `part`. A source whose labels are noisy
as they come says so by `NOISY = True`.
"""

import os
from collections.abc import Callable

import numpy as np

from jnl.core import registry
from jnl.core.errors import UserError, reason
from jnl.data import sources
from jnl.data.dataset import Dataset

_AT_ONCE = 2**16  # rows looked at together


def names() -> list[str]:
    """All data sets."""
    return registry.names(sources)


def _source(name: str) -> Callable[..., Dataset]:
    return registry.find(sources, name.partition(":")[0], "data.name").load


def options(name: str) -> dict[str, registry.Value]:
    """The options of a data set and their defaults."""
    own = registry.keywords(_source(name), skip="dir")
    return {option: value for option, value in own.items() if option != "part"}


def noisy_already(name: str) -> bool:
    """Do its labels come with noise of their own?"""
    return getattr(registry.find(sources, name.partition(":")[0], "data.name"), "NOISY", False)


def load(name: str, dir: str | os.PathLike[str] | None = None, **options: registry.Value) -> Dataset:
    """A data set on the host, its labels as they come. `dir` is where its files are (default: the TFDS directory).

    Raises:
      UserError: an unknown name or option, files that are missing (with the command that prepares them) or cannot be
        read, inputs that are not finite, or labels that are no classes.
    """
    source = _source(name)
    registry.check_keywords(source, options, "data", skip="dir")
    part = {"part": name.partition(":")[2]} if ":" in name else {}
    if part and "part" not in registry.keywords(source):
        raise UserError(
            f"data.name: {name!r}; {name.partition(':')[0]!r} has no parts, leave out what follows the colon"
        )
    for option, value in {"dir": dir, **options}.items():
        if isinstance(value, str) and "\0" in value:
            raise UserError(f"data.{option}: {value!r} holds a NUL, which no path can; correct it")
    try:
        dataset = source(dir=dir, **options, **part)
    except OSError as error:
        where = error.filename or dir
        raise UserError(
            f"data.dir: cannot read {where} ({error.strerror or reason(error)}); give files that can be read"
        ) from error
    except MemoryError as error:
        raise UserError(f"data.name: {name!r} takes more memory than there is ({reason(error)}); use less") from error
    for which, split in (("train", dataset.train), ("test", dataset.test)):
        if split is not None and not len(split.labels):
            raise UserError(f"data.name: {name!r} has no {which} examples; add some")
        if split is not None and not 0 <= split.labels.min() <= split.labels.max() < len(dataset.class_names):
            raise UserError(f"data.name: {name!r} has {which} examples without a label; leave them out")
        if split is not None and np.issubdtype(split.inputs.dtype, np.floating):
            for begin in range(0, len(split.inputs), _AT_ONCE):
                if not np.isfinite(split.inputs[begin : begin + _AT_ONCE]).all():
                    raise UserError(
                        f"data.name: {name!r} has non-finite {which} inputs; remove or fill NaN and infinite values"
                    )
    return dataset
