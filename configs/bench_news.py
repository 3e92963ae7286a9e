"""20 Newsgroups (Co-teaching+, Yu et al. 2019, section 4): the core methods under two noises, 12 cells of 8 runs.

python train.py --config=configs/bench_news.py --config.data.dir=DIR --workdir=results/bench-news

Its results are published as curves without numbers. An epoch of two runs takes 18 s on 2 CPU cores with two networks,
8 s with one: about 6 days for all. `--config.sweep_filter=jocor` is a part of it, in a workdir of its own.
"""

from pathlib import Path

from ml_collections import ConfigDict

from jnl.settings.sweep import table

STRATEGIES = ("standard", "decoupling", "small_loss", "coteaching", "coteaching_plus", "jocor")
NOISES = ("noise=symmetric,rate=0.5", "noise=pair,rate=0.45")


def get_config(arg: str | None = None) -> ConfigDict:
    """Each method as its own config sets it; two runs at once, as each network has six million weights."""
    config = table(Path(__file__).parent, STRATEGIES, NOISES, "news", arg)
    config.runs_at_once = 2
    return config
