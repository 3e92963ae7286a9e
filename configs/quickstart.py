"""The six core strategies on the embedded digits with 40 % symmetric noise, 8 runs each, one table, one report.

python train.py --config=configs/quickstart.py

Not from a paper: it shows that everything works, offline, in about a minute. The results go to the folder `quickstart`,
with a page of figures in `quickstart/report/index.html`. The same command shows a finished training again.
Expect Standard some points below its best at the last epoch, and Co-teaching and JoCoR near theirs, with a label
precision of about 95 % where chance gives 60 %.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "quickstart")
