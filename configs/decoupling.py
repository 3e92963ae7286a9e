"""Decoupling (Malach & Shalev-Shwartz 2017, "Decoupling when to update from how to update")."""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """The settings of the co-teaching papers."""
    return published("decoupling", arg)
