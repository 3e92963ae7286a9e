"""Backward correction (Patrini et al. 2017, "Making deep neural networks robust to label noise ...").

python train.py --config=configs/backward_correction.py:data=mnist,rate=0.5
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "backward_correction")
