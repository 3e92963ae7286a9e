"""F-correction (Patrini et al. 2017, "Making deep neural networks robust to label noise ...").

python train.py --config=configs/forward_correction.py:data=mnist,rate=0.5

Expect 92.74 ± 0.21 % on MNIST with 50 % symmetric noise (last 10 of 200 epochs; Wei et al. 2020, table 2).
"""

from ml_collections import ConfigDict

from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """20 epochs to estimate the noise, then as many as the other methods train."""
    config = published("forward_correction", arg)
    if config.data.name == "cifar100":
        config.strategy.percentile = 100
    if "quick" in options(arg):
        config.strategy.estimation_epochs = 2
    return config
