"""Peer loss (Liu & Guo 2020, "Peer loss functions: learning from noisy labels without knowing noise rates").

python train.py --config=configs/peer_loss.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """Alpha 1."""
    return published("peer_loss", arg)
