"""Table 3 of JoCoR (Wei et al. 2020): six methods on CIFAR-10 under four noises, 24 cells of 8 runs.

python train.py --config=configs/bench_cifar10.py:reference --config.data.dir=DIR --workdir=results/bench-cifar10

If it is stopped, the same command continues with the cell that it was training. `--config.sweep_filter=jocor` or
`--config.sweep_filter=rate=0.5` trains a part of the table; give it another workdir. The report shows published values:
`python -m jnl.report results/bench-cifar10 --out report`. Not run as a whole: some 13 hours on an NVIDIA H200, by the
speed of its epochs there; weeks on a CPU.
"""

from pathlib import Path

from ml_collections import ConfigDict

from jnl.settings.sweep import METHODS, NOISES, table


def get_config(arg: str | None = None) -> ConfigDict:
    """Each method as its own config sets it for this data set and noise, Co-teaching+ too with the network of all."""
    return table(Path(__file__).parent, METHODS, NOISES, "cifar10,model=cnn7", arg)
