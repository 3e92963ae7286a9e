"""The gender of faces, labeled by first names (Decoupling, Malach & Shalev-Shwartz 2017, table 2).

python train.py --config=configs/lfw.py:reference --config.data.dir=lfw --config.data.names=gender.txt

Data sets #1 (more noise) and #2, with and without the names that no service knew, by the methods of the table.
Read `balanced_accuracy` and `class_accuracy` in `summary.json`: the best and the last epoch are the two scenarios of
the paper, with and without clean validation data. Published balanced accuracy for #1, best / last: Standard 92.2 /
88.9, S-model 92.9 / 91.5, Decoupling 93.6 / 92.2. Not run here: the images are not to be had.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "lfw")
