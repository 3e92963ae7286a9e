"""The published table of CIFAR-100."""

from ml_collections import ConfigDict

from jnl.settings.tables import METHODS, NOISES, table


def bench_cifar100(arg: str | None = None) -> ConfigDict:
    """Return the config of the table: each method as its own config sets it for this data set and noise."""
    return table(METHODS, NOISES, "cifar100", arg)
