"""MixUp (Zhang et al. 2018, "mixup: Beyond empirical risk minimization"): inputs and labels mixed in pairs.

python train.py --config=configs/mixup.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 93.57 ± 0.15 % at the last epoch with 50 %
symmetric noise, 89.80 ± 1.75 % with 40 % asymmetric; 36 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import published
from jnl.settings.protocols import for_data, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """Beta(1, 1); with `reference` SGD, 200 epochs and PreAct ResNet-18, as in the published code for CIFAR-10."""
    return published("mixup", arg, reference=_reference)


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10": None})
    train_by_sgd(config, 0.1, 1e-4, 200, (100, 150), model="preact_resnet18")
