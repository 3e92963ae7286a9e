"""The published table of CIFAR-10."""

from ml_collections import ConfigDict

from jnl.settings.tables import METHODS, NOISES, table


def bench_cifar10(arg: str | None = None) -> ConfigDict:
    """Each method as its own config sets it for this data set and noise, Co-teaching+ too with the network of all."""
    return table(METHODS, NOISES, "cifar10,model=cnn7", arg)
