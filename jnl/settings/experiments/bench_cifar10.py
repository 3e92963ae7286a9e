"""The published table of CIFAR-10."""

from ml_collections import ConfigDict

from jnl.settings.tables import METHODS, NOISES, table


def bench_cifar10(arg: str | None = None) -> ConfigDict:
    """Return the config of the table: each method as its own config sets it for this data set and noise.

    Co-teaching+ has the same network as the other methods.
    """
    return table(METHODS, NOISES, "cifar10,model=cnn7", arg)
