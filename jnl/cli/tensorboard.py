"""Write the metrics of a workdir as TensorBoard event files.

jnl tensorboard WORKDIR

The files are in WORKDIR/tensorboard/run-0, run-1, ... and hold scalars only. To see them, use
`tensorboard --logdir WORKDIR/tensorboard`. With --config.tensorboard=True a training writes these files itself after
each epoch. This needs tensorboardX, which jnl does not install: pip install tensorboardX.
"""

import argparse
from collections.abc import Sequence

from jnl.results.tensorboard import mirror


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl tensorboard", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdir", metavar="WORKDIR")
    print(mirror(parser.parse_args(arguments).workdir))
    return 0
