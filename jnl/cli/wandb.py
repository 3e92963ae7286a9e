"""Export the metrics of a workdir to Weights & Biases.

jnl wandb WORKDIR [--project=jnl] [--offline]

Each run becomes a run of W&B, in a group that has the name of the workdir. With --offline nothing leaves the machine:
the files are in WORKDIR/wandb, and `wandb sync` can send them later. This needs wandb, which jnl does not install:
pip install wandb.
"""

import argparse
from collections.abc import Sequence

from jnl.results.wandb_export import mirror


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl wandb", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdir", metavar="WORKDIR")
    parser.add_argument("--project", default="jnl", help="name of the project")
    parser.add_argument("--offline", action="store_true", help="write files only, and send nothing")
    asked = parser.parse_args(arguments)
    print(f"{mirror(asked.workdir, asked.project, asked.offline)} runs are in the project {asked.project}")
    return 0
