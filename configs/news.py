"""20 Newsgroups in 7 groups, text, with every core strategy (Co-teaching+, Yu et al. 2019, section 4).

python train.py --config=configs/news.py:rate=0.5 --config.data.dir=DIR_OF_PREPARED_FILES

The published figures of this data set are curves without numbers. Measured with learned vectors, 50 % symmetric noise,
`--config.epochs=20 --config.seeds=2`, last epoch, mean of the networks: JoCoR 47.5 ± 1.5 %, Co-teaching 31.3 ± 0.1,
Co-teaching+ 29.2 ± 0.5, small loss 29.1 ± 0.8, Standard 25.4 ± 0.4, Decoupling 25.3 ± 2.1; 26.0 % are of the largest
group. An epoch of two runs takes 18 s on 2 CPU cores with two networks, 8 s with one.

NewsNet learns its word vectors, unless `--config.data.vectors=glove.6B.300d.txt` gives the pretrained ones of the
paper, which then stay as they are. Without `data.dir` scikit-learn fetches the posts.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "news")
