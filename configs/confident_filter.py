"""Confident learning as a filter (Northcutt et al. 2021, "Confident learning: estimating uncertainty in labels").

python train.py --config=configs/confident_filter.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 94.90 ± 0.13 % at the last epoch with 50 %
symmetric noise, 91.24 ± 0.84 % with 40 % asymmetric; 89 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "confident_filter")
