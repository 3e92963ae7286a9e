"""All six strategies on the embedded digits with 40 % symmetric noise, 8 runs each, and one table to compare them."""

from ml_collections import ConfigDict

from jnl import strategies
from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """Small batches and a rate of its own, because the data set is small."""
    config = published("standard", arg)
    config.noise.rate = 0.4
    config.sweep = (("strategy.name", tuple(strategies.names())),)
    if "quick" not in options(arg):
        config.epochs, config.seeds = 60, 8
    config.batch_size = 64
    config.optim.decay_start = 30
    return config
