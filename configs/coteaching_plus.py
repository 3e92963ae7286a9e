"""Co-teaching+ (Yu et al. 2019, "How does disagreement help generalization against label corruption?").

python train.py --config=configs/coteaching_plus.py:data=mnist,rate=0.5,reference

Expect 95.80 ± 0.09 % (last 10 of 200 epochs; Wei et al. 2020, table 2). Measured
95.73 ± 0.06 %, 2 runs, 1,829 s on one busy CPU core.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 95.74 ± 0.08 % at the last epoch with 50 %
symmetric noise, 95.77 ± 0.59 % with 40 % asymmetric; 68 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "coteaching_plus")
