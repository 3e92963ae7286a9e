"""Backward correction: 20 epochs estimate the noise, then the network trains as long as with the other methods.

`reference` is Patrini et al. 2017.
"""

from ml_collections import ConfigDict

from jnl.settings.config import family
from jnl.settings.method import Method
from jnl.settings.protocols import loss_correction


def _settings(config: ConfigDict) -> None:
    if family(config.data.name) == "cifar100":
        config.strategy.percentile = 100


def _quick(config: ConfigDict) -> None:
    config.strategy.estimation_epochs = 2


METHOD = Method(_settings, loss_correction, _quick)
