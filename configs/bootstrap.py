"""Bootstrap (Reed et al. 2015, "Training deep neural networks on noisy labels with bootstrapping").

python train.py --config=configs/bootstrap.py:data=mnist,rate=0.5 --config.strategy.kind=hard

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.51 ± 0.12 % at the last epoch with 50 %
symmetric noise, 83.57 ± 1.23 % with 40 % asymmetric; 32 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "bootstrap")
