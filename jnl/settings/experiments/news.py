"""The core strategies on 20 Newsgroups."""

from ml_collections import ConfigDict

from jnl.settings.published import of_data


def news(arg: str | None = None) -> ConfigDict:
    """Return the settings of the paper.

    They are 200 epochs, batches of 128, Adam, a decay from epoch 80, and symmetric or pair noise.
    """
    config = of_data("news", arg)
    config.runs_at_once = 2  # six million weights a network, and as many of its words
    return config
