"""F-correction (Patrini et al. 2017, "Making deep neural networks robust to label noise ...").

python train.py --config=configs/forward_correction.py:data=mnist,rate=0.5

Published: 92.74 ± 0.21 % on MNIST with 50 % symmetric noise (last 10 of 200 epochs; Wei et al. 2020, table 2). Not
reached: measured 79.08 ± 1.38 % (5 runs), and 88.89 ± 0.32 % with the true matrix (2 runs, `known_noise`), both before
probabilities were clipped: at its best, in the first epochs, it has 95.5 and 96.0 %, then the network memorizes. The
paper does not say what prevented this in its runs.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "forward_correction")
