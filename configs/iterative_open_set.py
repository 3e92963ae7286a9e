"""Iterative learning with open-set noisy labels (Wang et al. 2018).

python train.py --config=configs/iterative_open_set.py:data=cifar10_open_set --config.data.recipe=tail

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 89.16 ± 0.55 % at the last epoch with 50 %
symmetric noise, 80.05 ± 0.30 % with 40 % asymmetric; 246 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "iterative_open_set")
