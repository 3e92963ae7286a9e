"""Train the runs that a config describes, and print a table: `jnl train`, in a checkout without installation.

python train.py --config=configs/jocor.py:data=mnist [--workdir=DIR] [--config.noise.rate=0.5 ...]

`python train.py --help` says more.
"""

import sys

from jnl import cli

if __name__ == "__main__":
    sys.exit(cli.main(["train", *sys.argv[1:]]))
