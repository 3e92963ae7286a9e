"""CORES2: beta 2, no sieve before epoch 31. `reference` has plain SGD and batches of 64."""

from ml_collections import ConfigDict

from jnl.settings.method import Method
from jnl.settings.protocols import for_data, train_by_sgd


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10": None, "cifar100": None})
    train_by_sgd(config, 0.1, 0.0, 100, (50,), batch_size=64)
    config.optim.momentum = 0.0
    config.strategy.divide_rate = True


def _quick(config: ConfigDict) -> None:
    config.strategy.update(wait_epochs=0, rise_epochs=2, sieve_from=1)


METHOD = Method(reference=_reference, quick=_quick)
