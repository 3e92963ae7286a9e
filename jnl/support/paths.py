"""Paths as people write them."""

import os
from pathlib import Path

from jnl.support.errors import UserError

Folder = str | os.PathLike[str] | None  # None means the default folder
PART = ".part-"  # start of the names of files that are not complete yet


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with the home folder in place of `~`. If no user has the name, `~name` stays as it is.

    A shell replaces `~` only at the start of a word. `Path.expanduser` raises an error for such a name.
    """
    return Path(os.path.expanduser(path))


def check_own(folder: Path, sign: str, content: str) -> None:
    """Raise `UserError` if a folder to write is a file, or has files, but not the one that jnl writes there.

    Args:
      folder: the folder; it may not exist yet.
      sign: name of a file that only jnl writes.
      content: what jnl writes into the folder, for the error message.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out: {folder} is a file; give a folder")
    there = folder.is_dir() and any(not file.name.startswith(PART) for file in folder.iterdir())
    if there and not (folder / sign).exists():
        raise UserError(
            f"--out: {folder} holds files and no earlier {content} of jnl (no {sign}), so none is replaced; give a "
            "folder that is new or empty"
        )
