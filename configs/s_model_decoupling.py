"""S-model + Decoupling (Malach & Shalev-Shwartz 2017,
"Decoupling when to update from how to update").

python train.py --config=configs/s_model_decoupling.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 93.61 ± 0.30 % at the last epoch with 50 %
symmetric noise, 94.24 ± 0.27 % with 40 % asymmetric; 73 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "s_model_decoupling")
