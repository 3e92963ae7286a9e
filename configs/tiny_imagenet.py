"""Tiny ImageNet with every core strategy (Co-teaching+, Yu et al. 2019, table 4).

python train.py --config=configs/tiny_imagenet.py:rate=0.5 --config.data.dir=tiny-imagenet-200

Published for 50 % symmetric noise, mean of the last 10 of 200 epochs: Standard 19.58, Decoupling 22.61, MentorNet
(`small_loss`) 35.47, Co-teaching 37.09, Co-teaching+ 41.19. Not run here: it takes a GPU.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "tiny_imagenet")
