"""Table 3 of JoCoR (Wei et al. 2020): six methods on CIFAR-10 under four noises, 24 cells of 8 runs.

python train.py --config=configs/bench_cifar10.py:reference --config.data.dir=DIR --workdir=results/bench-cifar10

If it is stopped, the same command continues with the cell that it was training. `--config.sweep_filter=jocor` or
`--config.sweep_filter=rate=0.5` trains a part of the table; give it another workdir. The report shows published values:
`python -m jnl report results/bench-cifar10 --out report`. Not run as a whole: some 13 hours on an NVIDIA H200, by the
speed of its epochs there; weeks on a CPU.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "bench_cifar10")
