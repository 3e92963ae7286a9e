"""SOP: the rates of u and v by noise.

`reference` is SOP without a plus: SGD, 120 epochs of ResNet-34, rates 10 and 10, and symmetric noise that may draw the
true class. Its repository has no config for that: its one config is SOP+ on CIFAR-100, which adds a consistency of two
views (0.9), a balance of classes (0.1) and AutoAugment, which jnl does not have.
"""

from ml_collections import ConfigDict

from jnl.settings.method import Method
from jnl.settings.protocols import draw_symmetric_noise_as, for_data, train_by_sgd


def _settings(config: ConfigDict) -> None:
    if config.noise.kind.startswith("asymmetric"):
        config.strategy.rate_u, config.strategy.rate_v = 0.1, 100.0


def _reference(config: ConfigDict) -> None:
    config.strategy.rate_u, config.strategy.rate_v = for_data(config, {"cifar10": (10.0, 10.0)})
    train_by_sgd(config, 0.02, 5e-4, 120, (40, 80))
    draw_symmetric_noise_as(config, "symmetric_inclusive_exact")


METHOD = Method(_settings, _reference)
