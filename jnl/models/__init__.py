"""The networks, found by file name: `models/mlp.py` holds the function `mlp(num_classes, **options) -> nn.Module`.

A module maps inputs f32[B, ...], such as images in [0, 1], to logits f32[B, C]. `module(inputs, train=True)` uses batch
statistics and dropout. `newsnet` also takes tokens i32[B, T].
"""

import sys
from collections.abc import Callable

from flax import linen as nn

from jnl.core import registry
from jnl.models._convolution import portable
from jnl.models._network import ModuleNetwork, wrap
from jnl.models._precision import PRECISIONS

__all__ = ["PRECISIONS", "ModuleNetwork", "make", "names", "options", "portable", "wrap"]

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """Return the names of all networks."""
    return registry.names(_HERE)


def _factory(name: str) -> Callable[..., nn.Module]:
    """Return the function that creates a network; raise `UserError` if the name is unknown."""
    return registry.function(_HERE, name, "model.name")


def options(name: str) -> dict[str, registry.Value]:
    """Return the options of a network with their defaults."""
    return registry.keywords(_factory(name), skip="num_classes")


def make(name: str, num_classes: int, **options: registry.Value) -> nn.Module:
    """Create a network by its name.

    Args:
      name: a name in `names()`.
      num_classes: C.
      **options: options of the network, see `options`.

    Raises:
      UserError: the name or an option is unknown; the message lists the known ones.
    """
    factory = _factory(name)
    registry.check_keywords(factory, options, "model", skip="num_classes")
    return factory(num_classes, **options)
