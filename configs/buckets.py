"""Buckets: labels are fitted as proportions of bags of 8 examples (learning from label proportions).

python train.py --config=configs/buckets.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 95.30 ± 0.15 % at the last epoch with 50 %
symmetric noise, 86.32 ± 0.66 % with 40 % asymmetric; 34 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "buckets")
