"""Bootstrap (Reed et al. 2015, "Training deep neural networks on noisy labels with bootstrapping").

python train.py --config=configs/bootstrap.py:data=mnist,rate=0.5 --config.strategy.kind=hard
"""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """Soft, with 0.95; `--config.strategy.kind=hard` has 0.8."""
    return published("bootstrap", arg)
