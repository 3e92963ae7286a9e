"""Backward correction (Patrini et al. 2017, "Making deep neural networks robust to label noise ...").

python train.py --config=configs/backward_correction.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.settings.config import family, options, published
from jnl.settings.protocols import loss_correction


def get_config(arg: str | None = None) -> ConfigDict:
    """20 epochs to estimate the noise, then as many as the other methods train; `reference` is Patrini et al. 2017."""
    config = published("backward_correction", arg, reference=loss_correction)
    if family(config.data.name) == "cifar100":
        config.strategy.percentile = 100
    if "quick" in options(arg):
        config.strategy.estimation_epochs = 2
    return config
