"""Table 4 of JoCoR (Wei et al. 2020): six methods on CIFAR-100 under four noises, 24 cells of 8 runs.

python train.py --config=configs/bench_cifar100.py:reference --config.data.dir=DIR --workdir=results/bench-cifar100

If it is stopped, the same command continues with the cell that it was training. `--config.sweep_filter=jocor` or
`--config.sweep_filter=rate=0.5` trains a part of the table; give it another workdir. The report shows published values:
`python -m jnl report results/bench-cifar100 --out report`. Not run here: weeks on a CPU.
"""

from functools import partial

import jnl

get_config = partial(jnl.get_config, "bench_cifar100")
