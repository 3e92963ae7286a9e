"""Export the metrics of a workdir to Weights & Biases.

python -m jnl.results.wandb_export WORKDIR [--project=jnl] [--offline]

Each run becomes a run of W&B, in a group that has the name of the workdir. With --offline nothing leaves the machine:
the files are in WORKDIR/wandb, and `wandb sync` can send them later. This needs wandb, which jnl does not install:
pip install wandb.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from jnl.core.errors import UserError, exit_code
from jnl.results import scalars
from jnl.results.files import CONFIG


def mirror(workdir: str | os.PathLike[str], project: str = "jnl", offline: bool = False) -> int:
    """Log every run of a workdir, with the config of the training and with the seeds and swept values of the run.

    Args:
      workdir: the folder of a training.
      project: name of the W&B project.
      offline: whether to write files only and send nothing.

    Returns:
      The number of runs.

    Raises:
      UserError: if wandb is not installed, or the workdir cannot be read.
    """
    try:
        import wandb
    except ImportError as error:
        raise UserError("wandb: not installed; pip install wandb") from error
    path, runs = Path(workdir), scalars.read(workdir)
    try:
        config = json.loads((path / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"workdir: cannot read {path / CONFIG}; give the folder of a training") from error
    for run in runs:
        with wandb.init(
            project=project,
            group=path.resolve().name,
            name=f"run-{run.number}",
            config={**config, "run": run.about},
            dir=str(path),
            mode="offline" if offline else None,
        ) as logged:
            for epoch, values in run.epochs.items():
                logged.log(values, step=epoch)
    return len(runs)


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code: 0, or 2 for an error that the user can correct."""
    parser = argparse.ArgumentParser(
        "python -m jnl.results.wandb_export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdir")
    parser.add_argument("--project", default="jnl")
    parser.add_argument("--offline", action="store_true")
    asked = parser.parse_args(arguments)
    return exit_code(
        lambda: f"{mirror(asked.workdir, asked.project, asked.offline)} runs are in the project {asked.project}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
