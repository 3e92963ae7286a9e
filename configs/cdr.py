"""CDR (Xia et al. 2021, "Robust early-learning: hindering the memorization of noisy labels").

python train.py --config=configs/cdr.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.03 ± 0.66 % at the last epoch with 50 %
symmetric noise, 83.70 ± 0.89 % with 40 % asymmetric; 69 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "cdr")
