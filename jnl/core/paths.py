"""Paths as people write them."""

import os
from pathlib import Path


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with the home folder in place of `~`. If no user has the name, `~name` stays as it is.

    A shell replaces `~` only at the start of a word. `Path.expanduser` raises an error for such a name.
    """
    return Path(os.path.expanduser(path))
