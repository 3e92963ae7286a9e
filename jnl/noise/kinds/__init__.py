"""The kinds of label noise, found by file name: `kinds/pair.py` holds the function `pair() -> NoiseKind`."""

import sys
from collections.abc import Callable

from jnl.noise.kind import NoiseKind
from jnl.support import registry

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """Return the names of all kinds of noise."""
    return registry.names(_HERE)


def make(name: str, file: str | None = None) -> NoiseKind:
    """Create a kind by its name.

    Args:
      name: a name in `names()`, or `package.module:function`.
      file: path of a file, for kinds that read one; other kinds ignore it.

    Raises:
      UserError: no kind has this name, or the file cannot be used.
    """
    factory: Callable[..., object] = registry.function(_HERE, name, "noise.kind")
    found = factory(file=file) if "file" in registry.parameters_of(factory) else factory()
    return registry.made(found, NoiseKind, name, "noise.kind")
