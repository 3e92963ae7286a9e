"""MixUp (Zhang et al. 2018, "mixup: Beyond empirical risk minimization"): inputs and labels mixed in pairs.

python train.py --config=configs/mixup.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 93.57 ± 0.15 % at the last epoch with 50 %
symmetric noise, 89.80 ± 1.75 % with 40 % asymmetric; 36 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "mixup")
