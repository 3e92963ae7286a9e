"""Confident learning as a filter (Northcutt et al. 2021, "Confident learning: estimating uncertainty in labels").

python train.py --config=configs/confident_filter.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """5 folds of 10 epochs before training."""
    config = published("confident_filter", arg)
    if "quick" in options(arg):
        config.strategy.folds, config.strategy.fold_epochs = 2, 2
    return config
