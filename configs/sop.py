"""SOP (Liu et al. 2022, "Robust training under label noise by over-parameterization").

python train.py --config=configs/sop.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.13 ± 0.69 % at the last epoch with 50 %
symmetric noise, 90.21 ± 0.40 % with 40 % asymmetric; 36 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "sop")
