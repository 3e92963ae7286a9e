"""DivideMix: weight of guessed labels and length of the warm-up as published.

`reference` has SGD, PreAct ResNet-18, 301 epochs, and symmetric noise that may draw the true class: 50 % are 45 % wrong
labels.
"""

from ml_collections import ConfigDict

from jnl.settings.config import family
from jnl.settings.method import Method
from jnl.settings.protocols import draw_symmetric_noise_as, for_data, train_by_sgd


def _settings(config: ConfigDict) -> None:
    strategy, hundred = config.strategy, family(config.data.name) == "cifar100"
    strategy.asymmetric = config.noise.kind.startswith("asymmetric")
    strategy.warmup_epochs = 30 if hundred else 10
    if config.noise.rate >= 0.9:
        strategy.average_epochs, strategy.threshold = 5, 0.6
    if hundred:
        strategy.unlabeled_weight = 25.0 if config.noise.rate < 0.5 else 150.0
    elif strategy.asymmetric or config.noise.rate < 0.5:
        strategy.unlabeled_weight = 0.0


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10": None, "cifar100": None})
    train_by_sgd(config, 0.02, 5e-4, 301, (150,), model="preact_resnet18")
    draw_symmetric_noise_as(config, "symmetric_inclusive_exact")


def _quick(config: ConfigDict) -> None:
    config.strategy.warmup_epochs = 1


METHOD = Method(_settings, _reference, _quick)
