"""The networks, found by file name: `models/mlp.py` holds the function `mlp(num_classes, **options) -> nn.Module`.

`package.module:MyModule` means a class or function of another package: a linen module, which may have the argument
`num_classes`, or an nnx class, which has `rngs`. The other arguments are its options.

A module maps inputs f32[B, ...], such as images in [0, 1], to logits f32[B, C]. `module(inputs, train=True)` uses batch
statistics and dropout. `newsnet` also takes tokens i32[B, T].
"""

import sys
from collections.abc import Callable

from flax import linen as nn

from jnl.models._network import ModuleNetwork, OfNnx, wrap
from jnl.models._precision import PRECISIONS
from jnl.ops.convolution import portable
from jnl.support import registry
from jnl.support.errors import UserError

__all__ = ["PRECISIONS", "ModuleNetwork", "is_of_jnl", "make", "names", "options", "portable", "wrap"]

_HERE = sys.modules[__name__]
_NO_OPTIONS = ("num_classes", "rngs", "parent", "name")  # the last two are fields of every linen module


def names() -> list[str]:
    """Return the names of all networks."""
    return registry.names(_HERE)


def is_of_jnl(name: str) -> bool:
    """Return whether jnl itself has a network of this name."""
    return name in names()


def _factory(name: str) -> Callable[..., nn.Module]:
    """Return the function that creates a network; raise `UserError` if the name is unknown."""
    return _own if name == "own" else registry.function(_HERE, name, "model.name")


def _own() -> nn.Module:
    """Raise `UserError`, because the caller gives this network: `jnl.run(config, model=MyModule(...))`."""
    raise UserError(
        "model.name: 'own' means a network in memory; give it with jnl.run(config, model=MyModule(...)), or choose a "
        "network by its name"
    )


def options(name: str) -> dict[str, registry.Value]:
    """Return the options of a network with their defaults."""
    return registry.keywords(_factory(name), skip=_NO_OPTIONS)


def make(name: str, num_classes: int, **options: registry.Value) -> nn.Module | Callable[..., object]:
    """Create a network by its name: a linen module, or a function that `wrap` takes.

    Args:
      name: a name in `names()`, or `package.module:MyModule`.
      num_classes: C.
      **options: options of the network, see `options`.

    Raises:
      UserError: the name or an option is unknown; the message lists the known ones.
    """
    factory = _factory(name)
    registry.check_keywords(factory, options, "model", skip=_NO_OPTIONS)
    parameters = registry.parameters_of(factory)
    given = {**({"num_classes": num_classes} if "num_classes" in parameters else {}), **options}
    return OfNnx(factory, tuple(given.items())) if "rngs" in parameters else factory(**given)
