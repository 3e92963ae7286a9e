"""ELR, published for CIFAR: momentum and weight by data and noise. Other data take those of CIFAR-10."""

from ml_collections import ConfigDict

from jnl.settings.config import family
from jnl.settings.method import Method
from jnl.settings.protocols import draw_symmetric_noise_as, for_data, train_by_sgd


def _settings(config: ConfigDict) -> None:
    if family(config.data.name) == "cifar100":
        config.strategy.target_momentum, config.strategy.weight = 0.9, 7.0
    elif config.noise.kind.startswith("asymmetric"):
        config.strategy.target_momentum, config.strategy.weight = 0.9, 1.0


def _reference(config: ConfigDict) -> None:
    epochs, milestones = for_data(config, {"cifar10": (120, (40, 80)), "cifar100": (150, (80, 120))})
    train_by_sgd(config, 0.02, 1e-3, epochs, milestones, decay=0.01)
    config.data.validation = 0.1
    if family(config.data.name) == "cifar10" and not config.noise.kind.startswith("asymmetric"):
        config.epochs = 150
        config.optim.update(schedule="cosine", cycle=10, min_learning_rate=1e-3, milestones=(), decay=0.1)
    draw_symmetric_noise_as(config, "symmetric_inclusive_exact")


METHOD = Method(_settings, _reference)
