"""MixUp (Zhang et al. 2018, "mixup: Beyond empirical risk minimization"): inputs and labels mixed in pairs.

python train.py --config=configs/mixup.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import published, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """Beta(1, 1); with `reference` SGD, 200 epochs and PreAct ResNet-18, as in the published code for CIFAR-10."""
    return published("mixup", arg, reference=_reference)


def _reference(config: ConfigDict) -> None:
    train_by_sgd(config, 0.1, 1e-4, 200, (100, 150), model="preact_resnet18")
