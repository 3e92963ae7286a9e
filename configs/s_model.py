"""S-model (Goldberger & Ben-Reuven 2017,
"Training deep neural-networks using a noise adaptation layer").

python train.py --config=configs/s_model.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 86.51 ± 0.22 % at the last epoch with 50 %
symmetric noise, 84.38 ± 1.36 % with 40 % asymmetric; 34 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "s_model")
