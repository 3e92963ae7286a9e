"""Clothing1M with every core strategy (JoCoR, Wei et al. 2020, table 5).

python train.py --config=configs/clothing1m.py --config.data.dir=Clothing1M

Published, best and last: Standard 67.22 / 64.68, Decoupling 68.48 / 67.32, Co-teaching 69.21 / 68.51, Co-teaching+
59.32 / 58.79, JoCoR 70.30 / 69.79. Not run here: it takes a GPU, and files that its authors send.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "clothing1m")
