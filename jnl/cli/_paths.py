"""Paths in the options of the commands."""

import os
from pathlib import Path


def path(text: str) -> Path:
    """Return a path, in which `~` is the home folder. A shell replaces it only at the start of a word."""
    return Path(os.path.expanduser(text))  # unlike that of pathlib, it leaves `~name` if nobody has this name
