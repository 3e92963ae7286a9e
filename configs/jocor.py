"""JoCoR (Wei et al. 2020, "Combating Noisy Labels by Agreement").

python train.py --config=configs/jocor.py:data=mnist,rate=0.2,reference

Expect 98.06 ± 0.04 % at 20 % and 96.64 ± 0.12 % at 50 % symmetric noise (last 10 of 200 epochs; table 2).
Measured 98.08 ± 0.05 % and 96.66 ± 0.12 %, 5 runs, 1,315 s and 2,067 s on one CPU core, the second one busy.
`co_lambda` 0.95 is published for 20 % only; 50 % takes the same.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 95.78 ± 0.03 % at the last epoch with 50 %
symmetric noise, 94.60 ± 0.16 % with 40 % asymmetric; 64 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "jocor")
