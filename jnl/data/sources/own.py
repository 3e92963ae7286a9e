"""Arrays in the memory of the caller: `jnl.run(config, dataset=jnl.from_arrays(...))`. They have no files."""

import os

from jnl.core.errors import UserError
from jnl.data.dataset import Dataset

NOISY = True


def load(dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Raise `UserError`, because these data cannot be loaded."""
    raise UserError(
        "data.name: 'own' means arrays in memory; give them with jnl.run(config, dataset=jnl.from_arrays(...)), or "
        "save them as an .npz file and use data.name=arrays"
    )
