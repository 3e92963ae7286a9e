"""MentorNet, self-paced and predefined (Jiang et al. 2018, "MentorNet: learning data-driven curriculum ...").

python train.py --config=configs/mentornet.py:data=mnist,rate=0.5

The "MentorNet" of the co-teaching tables is configs/small_loss.py.
"""

from ml_collections import ConfigDict

from jnl.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """Self-paced below the 70th percentile; other curricula by `--config.strategy.kind=predefined`."""
    config = published("mentornet", arg)
    if "quick" in options(arg):
        config.strategy.burn_in = 0
    return config
