"""GCE: q 0.7. `reference` has SGD, 120 epochs (150 on CIFAR-100), and truncation."""

from ml_collections import ConfigDict

from jnl.settings.method import Method
from jnl.settings.protocols import for_data, train_by_sgd


def _reference(config: ConfigDict) -> None:
    epochs, milestones = for_data(config, {"cifar10": (120, (40, 80)), "cifar100": (150, (80, 120))})
    train_by_sgd(config, 0.01, 1e-4, epochs, milestones)
    config.strategy.truncated, config.strategy.prune_from = True, milestones[0] - 1


METHOD = Method(reference=_reference)
