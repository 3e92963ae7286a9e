"""Find and load data sets by name.

Each file in `data/sources/` is one data set with a function `load(dir) -> Dataset`. The file name is the name of the
data set: `mnist.py` is `mnist`. A name may have a second part, as in `tfds:food101`; the source gets it as `part`. A
source sets `NOISY = True` if the original labels of its data set contain noise. `package.module:function` means a
function of another package that returns a `Dataset`.
"""

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from numbers import Integral, Real

from jnl.data import sources
from jnl.data.arrays import checked
from jnl.data.dataset import Dataset
from jnl.support import registry
from jnl.support.errors import UserError, reason
from jnl.support.foreign import is_foreign
from jnl.support.text import TYPES

_TYPES = {str: (str, os.PathLike), int: (Integral,), float: (Real,), bool: (bool,)}


def names() -> list[str]:
    """Return the names of all data sets."""
    return registry.names(sources)


def _source(name: str) -> Callable[..., Dataset]:
    """Return the `load` function of the data set `name`."""
    return _own if name == "own" else registry.function(sources, _first(name), "data.name", called="load")


def _own() -> Dataset:
    """Raise `UserError`, because the caller gives these data: `jnl.run(config, dataset=jnl.from_arrays(...))`."""
    raise UserError(
        "data.name: 'own' means arrays in memory; give them with jnl.run(config, dataset=jnl.from_arrays(...)), or "
        "save them as an .npz file and use data.name=arrays"
    )


def _first(name: str) -> str:
    """Return the name without its second part: `tfds` of `tfds:food101`, but all of `package.module:function`."""
    first = name.partition(":")[0]
    package = first.partition(".")[0]
    there = package in sys.modules or (is_foreign(name) and find_spec(package) is not None)
    return name if is_foreign(name) and first not in names() and there else first


def options(name: str) -> dict[str, registry.Value]:
    """Return the options of a data set with their default values."""
    own = registry.keywords(_source(name), skip=("dir",))
    return {option: value for option, value in own.items() if option != "part"}


def noisy_already(name: str) -> bool:
    """Return whether the original labels of a data set contain noise."""
    source = sys.modules[_source(name).__module__]
    return name == "own" or getattr(source, "NOISY", False)


def _check_types(defaults: Mapping[str, registry.Value], options: Mapping[str, registry.Value]) -> None:
    """Raise `UserError` if an option has another type than its default."""
    for name, value in options.items():
        default = defaults.get(name)
        if default is None:
            continue
        fits = isinstance(value, _TYPES[type(default)]) and isinstance(value, bool) == isinstance(default, bool)
        if not fits:
            raise UserError(f"data.{name}: {value!r}; give {TYPES[type(default)]}, such as {default!r}")


def load(name: str, dir: str | os.PathLike[str] | None = None, **options: registry.Value) -> Dataset:
    """Load a data set into the memory of the host, with its original labels.

    Args:
      name: name of the data set, perhaps with a second part, such as "tfds:food101"; or `package.module:function`.
      dir: folder or file that holds the data. None is the default of the source; for TFDS data, the TFDS directory.
      **options: options of this data set; `options` lists them.

    Raises:
      UserError: The name or an option is unknown, files are missing (the message has the command that prepares them) or
        cannot be read, the data need too much memory, a split is empty, inputs and labels differ in number, inputs
        are not uint8, float32 or int32, a label is not a class, or an input is not finite.
    """
    source = _source(name)
    registry.check_keywords(source, options, "data", skip=("dir",))
    _check_types(registry.keywords(source), options)
    part = {"part": name.partition(":")[2]} if _first(name) != name else {}
    if part and "part" not in registry.keywords(source):
        raise UserError(
            f"data.name: {name!r}: {name.partition(':')[0]!r} has no parts; remove the colon and the text after it"
        )
    for option, value in {"dir": dir, **options}.items():
        if isinstance(value, str) and "\0" in value:
            raise UserError(
                f"data.{option}: {value!r} contains a NUL character, which is not allowed in a path; remove it"
            )
    if dir is not None and not isinstance(dir, str | os.PathLike):
        raise UserError(f"data.dir: {dir!r}; give the path of a file or folder")
    dir = None if dir is None else os.path.expanduser(dir)
    options = {
        name: os.path.expanduser(value) if isinstance(value, str) and value != "~" else value
        for name, value in options.items()
    }
    try:
        dataset = source(**({"dir": dir} if "dir" in inspect.signature(source).parameters else {}), **options, **part)
    except OSError as error:
        where = error.filename or dir
        raise UserError(
            f"data.dir: cannot read {where} ({error.strerror or reason(error)}); give files that can be read"
        ) from error
    except MemoryError as error:
        raise UserError(
            f"data.name: {name!r} needs more memory than this machine has ({reason(error)}); use fewer or smaller "
            "examples"
        ) from error
    return checked(dataset, f"data.name: {name!r}")
