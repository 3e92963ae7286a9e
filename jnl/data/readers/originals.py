"""Read a data set from the files that its authors publish, if TensorFlow Datasets (TFDS) has not prepared it.

This needs neither TensorFlow nor TFDS. The arrays are those of the prepared files, bit for bit and in the same order.
"""

import gzip
import hashlib
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.readers import tfds
from jnl.support.errors import UserError, reason, too_large
from jnl.support.paths import Folder

_GZIP = b"\x1f\x8b"  # first bytes of a packed file; no original file begins with them


class File(NamedTuple):
    """An original file."""

    name: str
    size: int  # most bytes that it has when it is unpacked
    decode: Callable[[bytes], Mapping[str, np.ndarray]]  # its content -> `images`, `labels` or both
    md5: str = ""  # of the unpacked content; "" if it is not known

    @property
    def spellings(self) -> list[str]:
        """The names under which the file is found, unpacked first."""
        return [
            name + end for end in ("", ".gz") for name in dict.fromkeys((self.name, self.name.replace("-idx", ".idx")))
        ]


class Version(NamedTuple):
    """One form in which a data set is published."""

    train: tuple[File, ...]
    test: tuple[File, ...]
    folder: str  # where unpacking puts the files
    archive: str = ""  # name of the .tar or .tar.gz file that holds the folder
    archive_md5: str = ""

    @property
    def files(self) -> tuple[File, ...]:
        """All files."""
        return self.train + self.test


class Original(NamedTuple):
    """A data set that can be read from its original files or from prepared TFDS files."""

    name: str  # also in TFDS
    class_names: tuple[str, ...]
    versions: tuple[Version, ...]
    home: str  # the page of its authors
    order: tfds.Order  # finds the original positions of the records of TFDS


class _Found(NamedTuple):
    """A complete version in a folder: its archive or all its files."""

    version: Version
    paths: list[Path]  # the archive, or the files in the order of `version.files`

    @property
    def packed(self) -> bool:
        """Whether the archive was found."""
        return len(self.paths) == 1 and self.paths[0].name == self.version.archive


def read(original: Original, dir: Folder) -> Dataset:
    """Return a data set from its prepared TFDS files in `dir`, or else from its original files.

    Args:
      original: the data set.
      dir: a folder with prepared TFDS files, or with original files, packed or not, directly or in a folder named after
        the data set. None is the TFDS directory, in which only prepared files are looked for.

    Raises:
      UserError: There are no files, some are missing, or one is damaged or another one than the authors published.
    """
    if dir is not None and not tfds.is_prepared(original.name, dir):
        found = _find(original, Path(dir))
        if found is not None:
            return _read(original, found, Path(dir))
    first = original.versions[0]
    files = first.archive or ", ".join(f"{file.name}.gz" for file in first.files)
    return tfds.read(
        original.name,
        dir,
        original.order,
        instead=f"put {files} from {original.home} into a folder and set data.dir to it",
    )


def _find(original: Original, dir: Path) -> _Found | None:
    """Return the first complete version, or None if there is no file of any. Raise `UserError` for a part of one."""
    incomplete: list[str] = []
    homes = (dir / original.name, dir)  # in this order, because MNIST and Fashion-MNIST have files of the same names
    for version, home in product(original.versions, homes):
        for folder in (home / version.folder, home):
            paths = {file.name: _existing(folder, file.spellings) for file in version.files}
            there = [path for path in paths.values() if path is not None]
            if len(there) == len(paths):
                return _Found(version, there)
            if there:
                lacking = ", ".join(name for name, path in paths.items() if path is None)
                incomplete.append(f"{folder} holds original files of {original.name!r}, but not {lacking}")
        if version.archive and (archive := _existing(home, [version.archive])) is not None:
            return _Found(version, [archive])
    if incomplete:
        raise UserError(f"data.dir: {incomplete[0]}; put all files from {original.home} there")
    return None


def _existing(folder: Path, names: list[str]) -> Path | None:
    """Return the path of the first name that is a file in the folder, or None."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read(original: Original, found: _Found, dir: Path) -> Dataset:
    """Return the data set from the files that were found. The arrays are cached."""

    def make(allocate: cache.Allocate) -> None:
        decoded = _decoded(original, found)
        for part, files in (("train", found.version.train), ("test", found.version.test)):
            for key, dtype in (("images", np.uint8), ("labels", np.int32)):
                joined = np.concatenate([decoded[file.name][key] for file in files if key in decoded[file.name]])
                allocate(f"{part}_{key}", joined.shape, dtype)[...] = joined

    arrays = cache.through(f"{original.name}-original", found.paths, make)
    train, test = (split(arrays[f"{part}_images"], arrays[f"{part}_labels"]) for part in ("train", "test"))
    return Dataset(train, test, original.class_names, notes=(_note(original.name, found, dir),))


def _note(name: str, found: _Found, dir: Path) -> str:
    """Return a sentence about what was read."""
    files = ", ".join(str(path.relative_to(dir)) for path in found.paths)
    unknown = [file.name for file in found.version.files if not file.md5]
    if unknown and not (found.packed and found.version.archive_md5):
        checked = f"the MD5 sums of {', '.join(unknown)} are not known, so only sizes and labels were checked"
    else:
        checked = "the MD5 sums are those of the published files"
    return f"{name} was read from the original files {files}; {checked}"


def _decoded(original: Original, found: _Found) -> dict[str, Mapping[str, np.ndarray]]:
    """Return the arrays of each file by its name, after all checks."""
    version, decoded, last = found.version, {}, len(original.class_names) - 1
    members: dict[str, bytes] = {}
    if found.packed:
        with _refused(found.paths[0], original.home):
            members = _members(found.paths[0], version)
    for number, file in enumerate(version.files):
        path = found.paths[0] / version.folder / file.name if found.packed else found.paths[number]
        with _refused(path, original.home):
            content = members[file.name] if found.packed else _content(path, file.size)
            if len(content) > file.size:
                raise ValueError(f"it has more than {file.size:,} bytes")
            arrays = file.decode(content)
            if file.md5:
                _check_md5(hashlib.md5(content, usedforsecurity=False).hexdigest(), file.md5)
            labels = arrays.get("labels", np.zeros(1, np.uint8))
            if not 0 <= labels.min() <= labels.max() <= last:
                raise ValueError(f"its labels go from {labels.min()} to {labels.max()}, not from 0 to {last}")
            decoded[file.name] = arrays
    return decoded


def _content(path: Path, size: int) -> bytes:
    """Return the content of a file, unpacked if it is packed, but no more than one byte above `size`."""
    with path.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP  # whatever its name: some browsers unpack a file and keep the name
        raw.seek(0)
        if not packed:
            return raw.read(size + 1)
        with gzip.GzipFile(fileobj=raw) as unpacked:
            return unpacked.read(size + 1)


def _members(archive: Path, version: Version) -> dict[str, bytes]:
    """Return the content of each file of a version by its name. Only these files are read, and nothing is written."""
    if version.archive_md5 and not all(file.md5 for file in version.files):
        with archive.open("rb") as content:
            _check_md5(hashlib.file_digest(content, "md5").hexdigest(), version.archive_md5)
    wanted = {f"{version.folder}/{file.name}": file for file in version.files}
    members = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            file = wanted.get(member.name.removeprefix("./"))
            if file is not None and (member_content := packed.extractfile(member)) is not None:
                members[file.name] = member_content.read(file.size + 1)
    if lacking := [file.name for file in version.files if file.name not in members]:
        raise ValueError(f"it lacks {', '.join(lacking)}")
    return members


def _check_md5(found: str, published: str) -> None:
    """Raise `ValueError` if two MD5 sums differ."""
    if found != published:
        raise ValueError(f"its MD5 sum is {found}, but that of the original is {published}")


@contextmanager
def _refused(path: Path, home: str) -> Iterator[None]:
    """Turn any error inside the `with` block into a `UserError` about the file."""
    try:
        yield
    except MemoryError as error:
        raise too_large("data.dir", path) from error
    except Exception as error:  # damaged files make the modules of Python raise errors of many types
        raise UserError(f"data.dir: {path} cannot be used ({reason(error)}); get it again from {home}") from error
