"""CORES2 (Cheng et al. 2021, "Learning with instance-dependent label noise: a sample sieve approach").

python train.py --config=configs/cores2.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 91.47 ± 0.33 % at the last epoch with 50 %
symmetric noise, 84.70 ± 0.91 % with 40 % asymmetric; 33 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import options, published
from jnl.settings.protocols import for_data, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """Beta 2, no sieve before epoch 31; with `reference` plain SGD and batches of 64."""
    config = published("cores2", arg, reference=_reference)
    if "quick" in options(arg):
        config.strategy.update(wait_epochs=0, rise_epochs=2, sieve_from=1)
    return config


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10": None, "cifar100": None})
    train_by_sgd(config, 0.1, 0.0, 100, (50,), batch_size=64)
    config.optim.momentum = 0.0
    config.strategy.divide_rate = True
