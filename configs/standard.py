"""Standard: ordinary training on the noisy labels, the lower bound of every table.

python train.py --config=configs/standard.py:data=mnist,rate=0.5,reference

Expect 52.66 ± 0.43 % (last 10 of 200 epochs; Wei et al. 2020, table 2), after a peak of about 95 %: memorization.
Measured 52.32 ± 0.18 %, 5 runs, 1,404 s on one busy CPU core. With `data=cifar10,rate=0.5,reference` expect
42.71 ± 0.42 % (table 3); measured 42.95 %, one run, 159 s on an NVIDIA H200.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.01 ± 0.42 % at the last epoch with 50 %
symmetric noise, 83.47 ± 1.33 % with 40 % asymmetric; 30 s on 2 CPU cores.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "standard")
