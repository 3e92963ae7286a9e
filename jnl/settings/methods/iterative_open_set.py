"""Iterative open-set learning: the published network, 95 epochs, rounds, batches of 100 and one learning rate.

`reference` has its data too.
"""

from ml_collections import ConfigDict

from jnl.settings.method import Method
from jnl.settings.protocols import for_data


def _settings(config: ConfigDict) -> None:
    config.epochs, config.batch_size, config.optim.schedule = 95, 100, "staircase"


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10_open_set": None})
    config.data.recipe = "tail"


def _quick(config: ConfigDict) -> None:
    config.strategy.update(first_epochs=1, round_epochs=1, neighbors=20)


METHOD = Method(
    _settings, _reference, _quick, {name: "cnn_open_set" for name in ("cifar10", "cifar100", "cifar10_open_set")}
)
