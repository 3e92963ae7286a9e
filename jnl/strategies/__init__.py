"""The training methods, found by file name: `strategies/jocor.py` holds the function `jocor(**hyper) -> Strategy`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from jax import Array

from jnl.core.strategy import Strategy
from jnl.strategies._own_loop import context
from jnl.support import registry
from jnl.support.errors import whole_number

__all__ = ["Maker", "context", "hypers", "make", "names"]

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """Return the names of all methods, sorted."""
    return registry.names(_HERE)


def _factory(name: str) -> Callable[..., Strategy]:
    """Return the function that makes the strategy of this name. Raise `UserError` if there is none."""
    return registry.function(_HERE, name, "strategy.name")


def hypers(name: str) -> dict[str, registry.Value]:
    """Return the hyperparameters of a method and their defaults.

    A float hyperparameter may be a traced array when the method is made. All others are static.
    """
    return registry.keywords(_factory(name))


def make(name: str, **hyper: registry.Value | Array) -> Strategy:
    """Return the strategy of a method.

    Args:
      name: the name of the method: one of `names()`, or `package.module:function`.
      hyper: hyperparameters that replace the defaults.

    Raises:
      UserError: the name or a hyperparameter is unknown, and the message lists the known ones; or the function returns
        no `Strategy`, or one without networks.
    """
    factory = _factory(name)
    registry.check_keywords(factory, hyper, "strategy")
    strategy = registry.made(factory(**hyper), Strategy, name, "strategy.name")
    whole_number(f"strategy.name: num_nets of {name!r}", strategy.num_nets, 1)
    return strategy


@dataclass(frozen=True)
class Maker:
    """A method with its static hyperparameters. Equal makers make strategies that compute the same."""

    name: str
    static: tuple[tuple[str, registry.Value], ...] = ()

    def __call__(self, **hyper: Array) -> Strategy:
        """Return the strategy at the other hyperparameters, see `make`."""
        return make(self.name, **dict(self.static), **hyper)
