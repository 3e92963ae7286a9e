"""Lists in text files and arrays in .npz or .npy files, as data sets have them."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from jnl.errors import UserError


def lines(path: Path, least: int, owner: str) -> list[list[str]]:
    """The words of each line that is not empty.

    Raises:
      UserError: no such file, not text, or a line with fewer than `least` words; says that it belongs to `owner`.
    """
    try:
        rows = [line.split() for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"data.dir: cannot read {path} ({error}); give the folder of {owner} as it was unpacked"
        ) from error
    for number, row in enumerate(rows, 1):
        if row and len(row) < least:
            raise UserError(f"data.dir: line {number} of {path} has {len(row)} words, not {least}")
    return [row for row in rows if row]


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
            return {key: file[key] for key in keys or file}
    except (OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, BadZipFile, zlib.error) as error:
        wanted = f" of {' and '.join(keys)}" if keys else ""
        raise UserError(
            f"{field}: cannot read arrays{wanted} from {path} ({error}); save them with numpy.savez, without objects"
        ) from error
