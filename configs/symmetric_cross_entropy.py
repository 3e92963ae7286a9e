"""Symmetric cross entropy (Wang et al. 2019, "Symmetric cross entropy for robust learning with noisy labels").

python train.py --config=configs/symmetric_cross_entropy.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 96.38 ± 0.05 % at the last epoch with 50 %
symmetric noise, 95.36 ± 0.09 % with 40 % asymmetric; 37 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "symmetric_cross_entropy")
