"""Small loss: one network on its own small-loss examples; the tables call it MentorNet, JoCoR's ablation Standard+."""

from ml_collections import ConfigDict

from jnl.config import published


def get_config(arg: str | None = None) -> ConfigDict:
    """The settings of the co-teaching papers."""
    return published("small_loss", arg)
