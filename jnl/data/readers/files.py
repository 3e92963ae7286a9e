"""Read lists in text files and arrays in .npz or .npy files. All content is checked, because any file may be wrong."""

import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import IO

import numpy as np

from jnl.data.readers import pickles
from jnl.support.errors import UserError, reason, too_large


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
    same = [os.path.normpath(name) for name in names]  # ./a and a are one file
    if len(set(same)) < len(names):
        twice = Counter(same).most_common(1)[0][0]
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
    """Return the arrays in a file or in a folder of .npy files. Arrays of .npy files are mapped, not read.

    Args:
      path: an .npz file, a folder, or a pickled dict of arrays (.npy, .pt or .pkl); its content decides. Hidden files
        in a folder are left out.
      field: name of the config field that holds the path, for error messages.
      keys: names of the arrays to return; all arrays if it is empty.

    Raises:
      UserError: An array is missing or cannot be read. Pickles are read without calling anything that they name.
    """
    try:
        if path.is_dir():
            stems = keys or sorted(file.stem for file in path.glob("*.npy") if not file.name.startswith("."))
            return {stem: _array(path / f"{stem}.npy") for stem in stems}
        with path.open("rb") as content:
            kind = "npz" if zipfile.is_zipfile(content) else "npy" if _holds_one_array(content) else "pickle"
        if kind == "npy":
            raise ValueError("it holds one array; put inputs.npy and labels.npy into a folder and give the folder")
        found = _zipped(path) if kind == "npz" else pickles.arrays(path)
        lacking = [key for key in keys if key not in found]
        if lacking:
            raise ValueError(f"it lacks {', '.join(lacking)}")
        return {key: found[key] for key in keys or found}
    except MemoryError as error:
        raise too_large(field, path) from error
    except Exception as error:  # damaged files make NumPy and its zip reader raise errors of many types
        wanted = f" of {' and '.join(keys)}" if keys else ""
        raise UserError(
            f"{field}: cannot read arrays{wanted} from {path} ({reason(error)}); save them with numpy.savez, without "
            "objects"
        ) from error


def _holds_one_array(content: IO[bytes]) -> bool:
    """Return whether a file is an .npy file of numbers or texts."""
    content.seek(0)
    if content.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
        return False
    content.seek(0)
    version = np.lib.format.read_magic(content)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return not header(content)[2].hasobject


def _array(path: Path) -> np.ndarray:
    """Return the array in an .npy file, mapped unless its elements are Python objects."""
    with path.open("rb") as content:
        if not _holds_one_array(content):
            return pickles.array(content)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _zipped(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays in an .npz file, or in a file of `torch.save`."""
    with zipfile.ZipFile(path) as parts:
        if any(name.endswith("/data.pkl") for name in parts.namelist()):
            return pickles.arrays(path)
        found = {}
        for name in parts.namelist():
            with parts.open(name) as content:
                plain = _holds_one_array(content)
                content.seek(0)
                read = partial(np.lib.format.read_array, allow_pickle=False) if plain else pickles.array
                found[name.removesuffix(".npy")] = read(content)
        return found
