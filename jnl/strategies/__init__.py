"""The training methods, found by file name: `strategies/jocor.py` holds the function `jocor(**hyper) -> Strategy`."""

import sys
from collections.abc import Callable

from jax import Array

from jnl.core import registry
from jnl.core.strategy import Strategy

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """All methods."""
    return registry.names(_HERE)


def _factory(name: str) -> Callable[..., Strategy]:
    return getattr(registry.find(_HERE, name, "strategy.name"), name)


def hypers(name: str) -> dict[str, registry.Value]:
    """The hyper-values of a method and their defaults; a float may be a traced array, the rest is static."""
    return registry.keywords(_factory(name))


def make(name: str, **hyper: registry.Value | Array) -> Strategy:
    """A method by its name.

    Raises:
      UserError: an unknown name or hyper-value, with the right ones.
    """
    factory = _factory(name)
    registry.check_keywords(factory, hyper, "strategy")
    return factory(**hyper)
