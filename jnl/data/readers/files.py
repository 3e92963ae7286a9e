"""Lists in text files and arrays in .npz or .npy files, as data sets have them, and none of it to be trusted."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from jnl.core.errors import UserError, reason


def lines(path: Path, least: int, owner: str) -> list[list[str]]:
    """The words of each line that is not empty.

    Raises:
      UserError: no such file, not text, or a line with fewer than `least` words; says that it belongs to `owner`.
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
    """The paths under `root` that the list `source` names.

    Raises:
      UserError: a name that is there twice, or one that leads out of the folder: by `..`, as an absolute path, or by a
        symbolic link.
    """
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise UserError(f"data.dir: {source} names {twice!r} twice; leave one out")
    home, paths = root.resolve(), [root / name for name in names]
    inside = cache(lambda path: path.resolve().is_relative_to(home))  # a folder once: a million files may be in few
    for name, path in zip(names, paths, strict=True):
        try:
            stays = "\0" not in name and inside(path if path.is_symlink() or path.name == ".." else path.parent)
        except (OSError, RuntimeError):  # too long, links in a circle
            stays = False
        if not stays:
            raise UserError(
                f"data.dir: {source} names {name!r}, no path in {root}; correct the list, or put the files there"
            )
    return paths


def arrays(path: Path, field: str, keys: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """The arrays called `keys`, or all, of an .npz file or of a folder of .npy files, which are mapped.

    Raises:
      UserError: they are not there, or cannot be read; names the `field`. Objects (pickles) are not read.
    """
    try:
        if path.is_dir():
            stems = keys or sorted(file.stem for file in path.glob("*.npy"))
            return {stem: np.load(path / f"{stem}.npy", mmap_mode="r", allow_pickle=False) for stem in stems}
        with np.load(path, allow_pickle=False) as file:
            found = {key: file[key] for key in keys or file}
            if strange := [key for key, array in found.items() if not isinstance(array, np.ndarray)]:
                raise TypeError(f"{strange[0]!r} is no array")
            return found
    except Exception as error:  # what a damaged file makes of NumPy and of its zip file is anybody's guess
        wanted = f" of {' and '.join(keys)}" if keys else ""
        raise UserError(
            f"{field}: cannot read arrays{wanted} from {path} ({reason(error)}); save them with numpy.savez, without "
            "objects"
        ) from error
