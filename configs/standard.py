"""Standard: ordinary training on the noisy labels, the lower bound of every table."""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """The settings of the co-teaching papers."""
    return published("standard", arg)
