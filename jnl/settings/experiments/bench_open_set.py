"""The published table of CIFAR-10 with images of other classes."""

from ml_collections import ConfigDict

from jnl.settings.tables import table

STRATEGIES = ("small_loss", "coteaching", "coteaching_plus")


def bench_open_set(arg: str | None = None) -> ConfigDict:
    """Return the config of the table. Each method is told that 40 % of the labels are wrong."""
    return table(STRATEGIES, ("rate=0.4",), "cifar10_open_set", arg)
