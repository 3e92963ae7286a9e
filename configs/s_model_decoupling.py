"""S-model + Decoupling (Malach & Shalev-Shwartz 2017,
"Decoupling when to update from how to update").

python train.py --config=configs/s_model_decoupling.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """The simple model after 10 epochs of cross entropy; `--config.strategy.kind=complex` sees the hidden layer."""
    config = published("s_model_decoupling", arg)
    if "quick" in options(arg):
        config.strategy.pretrain_epochs = 1
    return config
