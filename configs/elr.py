"""ELR (Liu et al. 2020, "Early-learning regularization prevents memorization of noisy labels").

python train.py --config=configs/elr.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 96.84 ± 0.01 % at the last epoch with 50 %
symmetric noise, 87.07 ± 0.50 % with 40 % asymmetric; 34 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "elr")
