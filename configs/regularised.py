"""Regularised loss: label smoothing (Szegedy et al. 2016), confidence penalty (Pereyra et al. 2017), class prior.

python train.py --config=configs/regularised.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """Label smoothing 0.1; the penalties are off, their common weight is 1."""
    return published("regularised", arg)
