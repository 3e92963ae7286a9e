"""A checked cache of decoded arrays, because decoding 60,000 images takes seconds and reading arrays less than one.

The cache is the folder `$JNL_CACHE_DIR`, else `$XDG_CACHE_HOME/jnl`, else `~/.cache/jnl`. An entry is valid if the
source files are the same (paths, sizes, modification times) and its own checksums are right. Otherwise it is made
again. The arrays are mapped, not read, so they may be larger than the memory.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from jnl.support.paths import expanded

_VERSION = 4  # increase it when the meaning of the stored arrays changes
_CHECKSUMS = "checksums.json"

Allocate = Callable[[str, tuple[int, ...], DTypeLike], np.ndarray]  # (key, shape, dtype) -> an array to fill


def directory() -> Path:
    """Return the folder of the cache."""
    own = os.environ.get("JNL_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "jnl"
    return expanded(own)


def through(name: str, sources: Iterable[Path], make: Callable[[Allocate], None]) -> dict[str, np.ndarray]:
    """Return arrays by key, from the cache if it has a valid entry, else by calling `make`.

    Args:
      name: name of the entry. It must differ whenever the arrays differ for the same source files.
      sources: the files that the arrays are made from. A folder stands for all files in it.
      make: a function that asks for each array with its argument `allocate`, and fills it.

    Returns:
      Read-only arrays. They are in memory if the cache cannot be written or its disk is full, else they are mapped.

    Raises:
      FileNotFoundError: A source does not exist.
    """
    entry = directory() / f"{name}-{_fingerprint(sources)}"
    arrays = _read(entry)
    return _make(entry, make) if arrays is None else arrays


def _fingerprint(sources: Iterable[Path]) -> str:
    """Return a hash of the paths, sizes and modification times of all source files."""
    stats = []
    for source in sources:
        inside = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        for path in inside:
            found = path.stat()
            stats.append((str(path.resolve()), found.st_size, found.st_mtime_ns))
    return hashlib.sha256(repr((_VERSION, stats)).encode()).hexdigest()[:16]


def _checksum(file: Path) -> str:
    """Return the SHA-256 hash of the content of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read(entry: Path) -> dict[str, np.ndarray] | None:
    """Return the mapped arrays of an entry, or None if the entry is missing or damaged."""
    try:
        checksums = json.loads((entry / _CHECKSUMS).read_text("utf-8"))
        files = {key: entry / f"{key}.npy" for key in checksums}
        if {path.name for path in entry.iterdir()} != {_CHECKSUMS, *(file.name for file in files.values())}:
            return None  # a file is missing or unexpected
        if any(_checksum(file) != checksums[key] for key, file in files.items()):
            return None
        return {key: np.load(file, mmap_mode="r", allow_pickle=False) for key, file in files.items()}
    except Exception:  # a damaged entry is made again, whatever the damage is
        return None


def _make(entry: Path, make: Callable[[Allocate], None]) -> dict[str, np.ndarray]:
    """Make the arrays, store them as an entry if possible, and return them.

    The files are written to a folder beside the entry, which is renamed at the end. So no reader sees half an entry.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    except OSError:
        part = None  # without a cache the next program only needs more time

    def allocate(key: str, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        arrays[key] = np.empty(shape, dtype) if part is None else _on_disk(part / f"{key}.npy", shape, dtype)
        return arrays[key]

    try:
        make(allocate)
        if part is not None:
            try:
                _commit(part, entry, arrays)
            except OSError:
                pass  # another process was faster, or the disk is full: mapped files stay readable after deletion
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    for array in arrays.values():
        array.flags.writeable = False  # a write would change the file that the next program reads
    return arrays


def _on_disk(path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """Return a new array that is mapped to a file.

    It is in memory if it is empty, if the disk has no space, or where the system cannot reserve space. Windows cannot,
    and it could not rename the folder of a mapped file either.
    """
    if 0 in shape or not hasattr(os, "posix_fallocate"):
        return np.empty(shape, dtype)
    try:
        array = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
        with path.open("r+b") as file:  # reserves the space: a write to a mapped file on a full disk crashes
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array
    except OSError:
        path.unlink(missing_ok=True)
        return np.empty(shape, dtype)


def _commit(part: Path, entry: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write all arrays and their checksums to the folder `part`, and rename it to `entry`."""
    for key, array in arrays.items():
        if isinstance(array, np.memmap):
            array.flush()
        else:
            np.save(part / f"{key}.npy", array)
    checksums = {key: _checksum(part / f"{key}.npy") for key in arrays}
    (part / _CHECKSUMS).write_text(json.dumps(checksums), "utf-8")
    shutil.rmtree(entry, ignore_errors=True)
    part.replace(entry)
