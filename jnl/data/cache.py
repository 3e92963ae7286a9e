"""A checked cache of decoded arrays: decoding 60,000 images takes seconds, reading them back a fraction of one.

It lies in `$JNL_CACHE_DIR`, else `$XDG_CACHE_HOME/jnl`, else `~/.cache/jnl`. An entry is valid for the same source
files (names, sizes, times) and while its own checksums hold; otherwise it is made again. Its arrays are mapped, not
read, so they may be larger than the memory.
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

_VERSION = 2  # raise it when the meaning of what is stored changes
_CHECKSUMS = "checksums.json"

Allocate = Callable[[str, tuple[int, ...], DTypeLike], np.ndarray]  # (key, shape, dtype) -> an array to fill


def directory() -> Path:
    """Where the cache lies."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("JNL_CACHE_DIR") or Path(home) / "jnl")


def through(name: str, sources: Iterable[Path], make: Callable[[Allocate], None]) -> dict[str, np.ndarray]:
    """The arrays that `make` fills, from the cache where it holds them for these files (or whole folders).

    `name` says all that they depend on beside the files. Where the cache cannot be written, or has no space, the
    arrays are in memory. Either way they are read-only.

    Raises:
      FileNotFoundError: a source that is not there.
    """
    entry = directory() / f"{name}-{_fingerprint(sources)}"
    arrays = _read(entry)
    return _make(entry, make) if arrays is None else arrays


def _fingerprint(sources: Iterable[Path]) -> str:
    stats = []
    for source in sources:
        inside = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        for path in inside:
            found = path.stat()
            stats.append((str(path.resolve()), found.st_size, found.st_mtime_ns))
    return hashlib.sha256(repr((_VERSION, stats)).encode()).hexdigest()[:16]


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read(entry: Path) -> dict[str, np.ndarray] | None:
    try:
        checksums = json.loads((entry / _CHECKSUMS).read_text())
        files = {key: entry / f"{key}.npy" for key in checksums}
        if {path.name for path in entry.iterdir()} != {_CHECKSUMS, *(file.name for file in files.values())}:
            return None  # one is missing
        if any(_checksum(file) != checksums[key] for key, file in files.items()):
            return None
        return {key: np.load(file, mmap_mode="r", allow_pickle=False) for key, file in files.items()}
    except Exception:  # in whatever way it is damaged, it is made again
        return None


def _make(entry: Path, make: Callable[[Allocate], None]) -> dict[str, np.ndarray]:
    """Fills files beside the entry and renames their folder, so that a reader never sees half of them."""
    arrays: dict[str, np.ndarray] = {}
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    except OSError:
        part = None  # a cache that cannot be written costs time, nothing else

    def allocate(key: str, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        arrays[key] = np.empty(shape, dtype) if part is None else _on_disk(part / f"{key}.npy", shape, dtype)
        return arrays[key]

    try:
        make(allocate)
        if part is not None:
            try:
                _commit(part, entry, arrays)
            except OSError:
                pass  # another process was faster, or the disk is full: the mapped files live on without a name
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    for array in arrays.values():
        array.flags.writeable = False  # writing would change the file that the next program reads
    return arrays


def _on_disk(path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    if 0 in shape:
        return np.empty(shape, dtype)
    try:
        array = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
        with path.open("r+b") as file:  # takes the space: writing to a mapped file on a full disk is a crash
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array
    except (OSError, AttributeError):
        path.unlink(missing_ok=True)
        return np.empty(shape, dtype)


def _commit(part: Path, entry: Path, arrays: dict[str, np.ndarray]) -> None:
    for key, array in arrays.items():
        if isinstance(array, np.memmap):
            array.flush()
        else:
            np.save(part / f"{key}.npy", array)
    (part / _CHECKSUMS).write_text(json.dumps({key: _checksum(part / f"{key}.npy") for key in arrays}))
    shutil.rmtree(entry, ignore_errors=True)
    part.replace(entry)
