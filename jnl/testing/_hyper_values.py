"""The hyperparameters of a method, and the sizes of the batches that the checks use."""

from collections.abc import Callable

from jnl.core.strategy import Strategy
from jnl.support import registry

BATCH, CLASSES, FEATURES = 16, 5, 3
EXAMPLES = 40  # of a data set

MakeStrategy = Callable[..., Strategy]
Traced = dict[str, float]
Static = tuple[tuple[str, registry.Value], ...]


def divided(every: dict[str, registry.Value]) -> tuple[Traced, Static]:
    """Return the hyperparameters that may be traced, and the others, for which a program is compiled."""
    traced = {name: value for name, value in every.items() if isinstance(value, float)}
    return traced, tuple((name, value) for name, value in every.items() if name not in traced)
