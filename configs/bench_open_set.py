"""Open-set noise (Co-teaching+, Yu et al. 2019, table 5): 40 % of CIFAR-10's images are replaced, 3 cells of 8 runs.

python train.py --config=configs/bench_open_set.py --config.data.dir=DIR --workdir=results/open-set

`data.outside` is `cifar100` unless set; train each value in a workdir of its own. What is published is in the report.
Not run here: it takes a GPU.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "bench_open_set")
