"""CORES2 (Cheng et al. 2021, "Learning with instance-dependent label noise: a sample sieve approach").

python train.py --config=configs/cores2.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 91.47 ± 0.33 % at the last epoch with 50 %
symmetric noise, 84.70 ± 0.91 % with 40 % asymmetric; 33 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "cores2")
