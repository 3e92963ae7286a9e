"""Export the metrics of a workdir to Weights & Biases. This needs wandb."""

import json
import os
from pathlib import Path

from jnl.results import scalars
from jnl.results.files import CONFIG
from jnl.support.errors import UserError, reason
from jnl.support.json_values import as_object


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
        config = as_object(json.loads((path / CONFIG).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"workdir: cannot read {path / CONFIG}; give the folder of a training") from error
    try:
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
    except wandb.errors.Error as error:  # such as a missing key
        raise UserError(f"wandb: {reason(error)}; log in with `wandb login`, or give --offline") from error
    return len(runs)
