"""Table 2 of JoCoR (Wei et al. 2020): six methods on MNIST under four noises, 24 cells of 8 runs.

python train.py --config=configs/bench_mnist.py:reference --config.data.dir=DIR --workdir=results/bench-mnist

If it is stopped, the same command continues with the cell that it was training. `--config.sweep_filter=jocor` or
`--config.sweep_filter=rate=0.5` trains a part of the table; give it another workdir. The report shows published values:
`python -m jnl report results/bench-mnist --out report`. All of it took 174 s on an NVIDIA H200, and met 17 of the 24
numbers (`results/README.md` says which two cells were trained apart). On 2 CPU cores expect about 6 hours: an epoch of
8 runs of two networks takes 5 s.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "bench_mnist")
