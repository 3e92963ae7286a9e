"""Iterative learning with open-set noisy labels (Wang et al. 2018).

python train.py --config=configs/iterative_open_set.py:data=cifar10,rate=0.4
"""

from ml_collections import ConfigDict

from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """95 epochs, the published rounds; batches of 100 and one learning rate."""
    config = published("iterative_open_set", arg)
    if "quick" in options(arg):
        config.strategy.update(first_epochs=1, round_epochs=1, neighbours=20)
    else:
        config.epochs = 95
    config.batch_size, config.optim.schedule = 100, "staircase"
    return config
