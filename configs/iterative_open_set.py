"""Iterative learning with open-set noisy labels (Wang et al. 2018).

python train.py --config=configs/iterative_open_set.py:data=cifar10_open_set --config.data.recipe=tail

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 89.16 ± 0.55 % at the last epoch with 50 %
symmetric noise, 80.05 ± 0.30 % with 40 % asymmetric; 246 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import options, published
from jnl.settings.protocols import for_data

_NETWORKS = {name: "cnn_open_set" for name in ("cifar10", "cifar100", "cifar10_open_set")}


def get_config(arg: str | None = None) -> ConfigDict:
    """The published network, 95 epochs, rounds, batches of 100 and one learning rate; with `reference` its data too."""
    config = published("iterative_open_set", arg, _NETWORKS, reference=_reference)
    if "quick" in options(arg):
        config.strategy.update(first_epochs=1, round_epochs=1, neighbors=20)
    else:
        config.epochs = 95
    config.batch_size, config.optim.schedule = 100, "staircase"
    return config


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10_open_set": None})
    config.data.recipe = "tail"
