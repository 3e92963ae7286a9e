"""DivideMix (Li et al. 2020, "DivideMix: learning with noisy labels as semi-supervised learning").

python train.py --config=configs/dividemix.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 96.20 ± 0.04 % at the last epoch with 50 %
symmetric noise, 95.16 ± 0.57 % with 40 % asymmetric; 163 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "dividemix")
