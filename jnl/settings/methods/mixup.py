"""Mixup: Beta(1, 1). `reference` has SGD, 200 epochs and PreAct ResNet-18, as in the published code for CIFAR-10."""

from ml_collections import ConfigDict

from jnl.settings.method import Method
from jnl.settings.protocols import for_data, train_by_sgd


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10": None})
    train_by_sgd(config, 0.1, 1e-4, 200, (100, 150), model="preact_resnet18")


METHOD = Method(reference=_reference)
