"""Read lists in text files and arrays in .npz or .npy files. All content is checked, because any file may be wrong."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from jnl.core.errors import UserError, reason


def lines(path: Path, least: int, owner: str) -> list[list[str]]:
    """Return the words of each line of a text file, without the empty lines.

    Args:
      path: a UTF-8 text file.
      least: smallest number of words in a line that is not empty.
      owner: name of the data set that has this file, for error messages.

    Raises:
      UserError: The file does not exist, is not text, or has a line with fewer than `least` words.
    """
    try:
        rows = [line.split() for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"data.dir: cannot read {path} ({reason(error)}); give the folder of {owner} as it was unpacked"
        ) from error
    for number, row in enumerate(rows, 1):
        if row and len(row) < least:
            raise UserError(f"data.dir: line {number} of {path} has {len(row)} words, not {least}")
    return [row for row in rows if row]


def listed(names: Sequence[str], root: Path, source: Path) -> list[Path]:
    """Return the paths of listed files under a folder.

    Args:
      names: paths relative to `root`, as the list has them.
      root: the folder in which all files must be.
      source: the file that holds the list, for error messages.

    Raises:
      UserError: A name is listed twice, or leads out of the folder by `..`, by an absolute path or by a symbolic link.
    """
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise UserError(f"data.dir: {source} names {twice!r} twice; leave one out")
    home, paths = root.resolve(), [root / name for name in names]
    inside = cache(lambda path: path.resolve().is_relative_to(home))  # a million files can share a few folders
    for name, path in zip(names, paths, strict=True):
        try:
            stays = "\0" not in name and inside(path if path.is_symlink() or path.name == ".." else path.parent)
        except (OSError, RuntimeError):  # the path is too long, or links form a circle
            stays = False
        if not stays:
            raise UserError(
                f"data.dir: {source} names {name!r}, which is not a path in {root}; correct the list, or put the files "
                "there"
            )
    return paths


def arrays(path: Path, field: str, keys: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Return arrays of an .npz file or of a folder of .npy files. Arrays of .npy files are mapped, not read.

    Args:
      path: the .npz file or the folder.
      field: name of the config field that holds the path, for error messages.
      keys: names of the arrays to return; all arrays if it is empty.

    Raises:
      UserError: An array is missing or cannot be read. Arrays of Python objects (pickles) are never read.
    """
    try:
        if path.is_dir():
            stems = keys or sorted(file.stem for file in path.glob("*.npy"))
            return {stem: np.load(path / f"{stem}.npy", mmap_mode="r", allow_pickle=False) for stem in stems}
        with np.load(path, allow_pickle=False) as file:
            found = {key: file[key] for key in keys or file}
            if strange := [key for key, array in found.items() if not isinstance(array, np.ndarray)]:
                raise TypeError(f"{strange[0]!r} is not an array")
            return found
    except Exception as error:  # damaged files make NumPy and its zip reader raise errors of many types
        wanted = f" of {' and '.join(keys)}" if keys else ""
        raise UserError(
            f"{field}: cannot read arrays{wanted} from {path} ({reason(error)}); save them with numpy.savez, without "
            "objects"
        ) from error
