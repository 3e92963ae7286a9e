"""GCE (Zhang & Sabuncu 2018, "Generalized cross entropy loss for training deep neural networks with noisy labels").

python train.py --config=configs/gce.py:data=mnist,rate=0.5
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "gce")
