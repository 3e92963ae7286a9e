"""Co-teaching (Han et al. 2018, "Co-teaching: Robust training of deep neural networks with extremely noisy labels").

python train.py --config=configs/coteaching.py:data=mnist,rate=0.5,reference

The networks are those of JoCoR's tables, which compare all methods; `model=cnn9` is that of Co-teaching's own.
Expect 89.82 ± 0.31 % (last 10 of 200 epochs; Wei et al. 2020, table 2). Measured
89.78 ± 0.31 %, 5 runs, 2,974 s on one busy CPU core.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 94.19 ± 0.38 % at the last epoch with 50 %
symmetric noise, 95.35 ± 0.14 % with 40 % asymmetric; 67 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "coteaching")
