"""Peer loss (Liu & Guo 2020, "Peer loss functions: learning from noisy labels without knowing noise rates").

python train.py --config=configs/peer_loss.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 94.86 ± 0.08 % at the last epoch with 50 %
symmetric noise, 85.89 ± 0.63 % with 40 % asymmetric; 36 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "peer_loss")
