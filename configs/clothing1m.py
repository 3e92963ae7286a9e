"""Clothing1M with every core strategy (JoCoR, Wei et al. 2020, table 5).

python train.py --config=configs/clothing1m.py --config.data.dir=Clothing1M

Published, best and last: Standard 67.22 / 64.68, Decoupling 68.48 / 67.32, Co-teaching 69.21 / 68.51, Co-teaching+
59.32 / 58.79, JoCoR 70.30 / 69.79. Not run here: it takes a GPU, and files that its authors send.
"""

from ml_collections import ConfigDict

from jnl.settings.config import options, published_on


def get_config(arg: str | None = None) -> ConfigDict:
    """ResNet-18 from scratch, 15 epochs of batches of 64, three learning rates for 5 epochs each.

    The paper tried forget rates of 0.2 to 0.4 and does not say which it took: 0.3 here, unless `rate=` is given. Its
    input pipeline is not recorded either: the usual 224 x 224 crops, mirror images and normalized channels. With
    `--config.data.balanced=True` each class has the same share of an epoch.
    """
    config = published_on("clothing1m", arg)
    config.batch_size = 64
    if "rate" not in options(arg):
        config.noise.rate = 0.3
    config.optim.update(learning_rate=8e-4, schedule="staircase", milestones=(5, 10), decay=(0.625, 0.1))
    config.augment.update(crop=224, flip=True, normalize="channels")
    if "quick" not in options(arg):
        config.epochs, config.seeds = 15, 3
    return config
