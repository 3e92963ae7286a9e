"""20 Newsgroups (Co-teaching+, Yu et al. 2019, section 4): the core methods under two noises, 12 cells of 8 runs.

python train.py --config=configs/bench_news.py --config.data.dir=DIR --workdir=results/bench-news

Its results are published as curves without numbers. An epoch of two runs takes 18 s on 2 CPU cores with two networks,
8 s with one: about 6 days for all. `--config.sweep_filter=jocor` is a part of it, in a workdir of its own.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "bench_news")
