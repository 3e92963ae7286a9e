"""Co-teaching (Han et al. 2018, "Co-teaching: Robust training of deep neural networks with extremely noisy labels")."""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """The settings of the co-teaching papers."""
    return published("coteaching", arg)
