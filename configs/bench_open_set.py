"""Open-set noise (Co-teaching+, Yu et al. 2019, table 5): 40 % of CIFAR-10's images are replaced, 3 cells of 8 runs.

python train.py --config=configs/bench_open_set.py --config.data.dir=DIR --workdir=results/open-set

`data.outside` is `cifar100` unless set; each has a table of its own. What is published is in the report. Not run here:
it takes a GPU.
"""

from pathlib import Path

from ml_collections import ConfigDict

from jnl.settings.sweep import table

STRATEGIES = ("small_loss", "coteaching", "coteaching_plus")


def get_config(arg: str | None = None) -> ConfigDict:
    """The methods of the table, which believe that 40 % are wrong."""
    return table(Path(__file__).parent, STRATEGIES, ("rate=0.4",), "cifar10_open_set", arg)
