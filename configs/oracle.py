"""Oracle: Standard on the examples whose label is true, the upper bound of every table.

python train.py --config=configs/oracle.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """The settings of the co-teaching papers."""
    return published("oracle", arg)
