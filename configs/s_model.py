"""S-model (Goldberger & Ben-Reuven 2017,
"Training deep neural-networks using a noise adaptation layer").

python train.py --config=configs/s_model.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """The simple model after 10 epochs of cross entropy; `--config.strategy.kind=complex` sees the hidden layer."""
    config = published("s_model", arg)
    if "quick" in options(arg):
        config.strategy.pretrain_epochs = 1
    return config
