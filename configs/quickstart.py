"""All six strategies on the embedded digits with 40 % symmetric noise, 8 runs each, and one table to compare them.

python train.py --config=configs/quickstart.py

Not from a paper: it shows that everything works, offline, on any machine.
"""

from ml_collections import ConfigDict

from jnl import strategies
from jnl.config import options, published
from jnl.errors import UserError


def get_config(arg: str | None = None) -> ConfigDict:
    """Smaller batches and fewer epochs than the papers, because the data set is small."""
    given = options(arg)
    if "reference" in given:
        raise UserError("the config's argument: quickstart has no published code; use the config of one strategy")
    config = published("standard", arg)
    if "rate" not in given:
        config.noise.rate = 0.4
    config.sweep = (("strategy.name", tuple(strategies.names())),)
    config.batch_size = 64
    if "quick" not in given:
        config.epochs, config.seeds, config.optim.decay_start = 50, 8, 25
    return config
