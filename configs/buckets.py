"""Buckets: labels are fitted as proportions of bags of 8 examples (learning from label proportions).

python train.py --config=configs/buckets.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """Bags of 8; `--config.strategy.known_noise=true` uses the true noise matrix."""
    return published("buckets", arg)
