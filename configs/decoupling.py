"""Decoupling (Malach & Shalev-Shwartz 2017, "Decoupling when to update from how to update").

python train.py --config=configs/decoupling.py:data=mnist,rate=0.5,reference

Expect 69.79 ± 0.52 % (last 10 of 200 epochs; Wei et al. 2020, table 2). Measured
69.66 ± 0.06 %, 2 runs, 1,505 s on one busy CPU core.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 94.46 ± 0.28 % at the last epoch with 50 %
symmetric noise, 95.50 ± 0.50 % with 40 % asymmetric; 63 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "decoupling")
