"""GCE (Zhang & Sabuncu 2018, "Generalized cross entropy loss for training deep neural networks with noisy labels").

python train.py --config=configs/gce.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.settings.config import published
from jnl.settings.protocols import for_data, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """Q 0.7; with `reference` SGD, 120 epochs (150 on CIFAR-100), and truncation."""
    return published("gce", arg, reference=_reference)


def _reference(config: ConfigDict) -> None:
    epochs, milestones = for_data(config, {"cifar10": (120, (40, 80)), "cifar100": (150, (80, 120))})
    train_by_sgd(config, 0.01, 1e-4, epochs, milestones)
    config.strategy.truncated, config.strategy.prune_from = True, milestones[0] - 1
