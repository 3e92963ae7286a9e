"""The networks, found by file name: `models/mlp.py` holds the function `mlp(num_classes, **options) -> nn.Module`.

A module maps f32[B, ...], images in [0, 1], to logits f32[B, C]: `module(inputs, train=True)` uses batch statistics and
dropout. `newsnet` takes tokens i32[B, T] too.
"""

import sys
from collections.abc import Callable

from flax import linen as nn

from jnl.core import registry

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """All networks."""
    return registry.names(_HERE)


def _factory(name: str) -> Callable[..., nn.Module]:
    return getattr(registry.find(_HERE, name, "model.name"), name)


def options(name: str) -> dict[str, registry.Value]:
    """The options of a network and their defaults."""
    return registry.keywords(_factory(name), skip="num_classes")


def make(name: str, num_classes: int, **options: registry.Value) -> nn.Module:
    """A network by its name.

    Raises:
      UserError: an unknown name or option, with the right ones.
    """
    factory = _factory(name)
    registry.check_keywords(factory, options, "model", skip="num_classes")
    return factory(num_classes, **options)
