"""The metrics of a workdir as runs of Weights & Biases.

python -m jnl.results.wandb_export WORKDIR [--project=jnl] [--offline]

One run of W&B for each run, in a group that has the name of the workdir. Offline nothing leaves the machine: files in
WORKDIR/wandb, for `wandb sync`. Needs wandb, which jnl itself does not: pip install wandb.
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
    """Logs every run of a workdir, with the config of the training and its own seeds and swept values: how many.

    Raises:
      UserError: wandb is not installed, or the workdir cannot be read.
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
    """Exit code 0; 2 for what the user can put right."""
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
