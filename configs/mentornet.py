"""MentorNet, self-paced and predefined (Jiang et al. 2018, "MentorNet: learning data-driven curriculum ...").

python train.py --config=configs/mentornet.py:data=mnist,rate=0.5

The "MentorNet" of the co-teaching tables is configs/small_loss.py.

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.25 ± 0.83 % at the last epoch with 50 %
symmetric noise, 86.85 ± 0.72 % with 40 % asymmetric; 31 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "mentornet")
