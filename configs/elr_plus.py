"""ELR+ (Liu et al. 2020, "Early-learning regularization prevents memorization of noisy labels").

python train.py --config=configs/elr_plus.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 96.12 ± 0.08 % at the last epoch with 50 %
symmetric noise, 93.03 ± 0.52 % with 40 % asymmetric; 104 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "elr_plus")
