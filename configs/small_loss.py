"""Small loss: one network on its own small-loss examples; the tables call it MentorNet, JoCoR's ablation Standard+.

python train.py --config=configs/small_loss.py:data=mnist,rate=0.5,reference

No number was published for MNIST. Measured 89.32 ± 0.20 % (last 10 of 200 epochs), 2 runs, 572 s on one busy CPU core;
Co-teaching gave 89.78 ± 0.31 %.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 93.98 ± 0.48 % at the last epoch with 50 %
symmetric noise, 95.41 ± 0.15 % with 40 % asymmetric; 38 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "small_loss")
