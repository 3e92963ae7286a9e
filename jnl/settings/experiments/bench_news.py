"""The published table of 20 Newsgroups."""

from ml_collections import ConfigDict

from jnl.settings.tables import table

STRATEGIES = ("standard", "decoupling", "small_loss", "coteaching", "coteaching_plus", "jocor")
NOISES = ("noise=symmetric,rate=0.5", "noise=pair,rate=0.45")


def bench_news(arg: str | None = None) -> ConfigDict:
    """Return the config of the table: each method as its own config sets it.

    Two runs train at once, because each network has six million weights.
    """
    config = table(STRATEGIES, NOISES, "news", arg)
    config.runs_at_once = 2
    return config
