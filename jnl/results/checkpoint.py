"""Checkpoints: named arrays with a record that describes them. Only this file imports Orbax.

A checkpoint is a folder that is renamed when it is complete, so a killed process leaves no incomplete checkpoint. Three
problems of Orbax are solved here. It restores a flipped byte without an error, so every array has a digest. It prints
hundreds of lines for a damaged file, so every file has a digest, which is checked first. Its manager does not go back
past a damaged checkpoint and hangs for minutes after an error, so this file has its own manager.
"""

import hashlib
import io
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import jax
import numpy as np

from jnl.support.errors import UserError
from jnl.support.json_values import Json
from jnl.support.quiet import quiet

if TYPE_CHECKING:
    import orbax.checkpoint

_log = logging.getLogger(__name__)
_FORMAT = 2  # increase it when the stored content changes
_RECORD, _DIGESTS = "record", "digests"  # names of two arrays that are stored beside the others
SELECTED = "selected/"  # start of the names of the weights that a rule has selected
_FILES, _PART = "files.json", ".part"  # the file with the digests of files; the suffix of an incomplete folder


def named_arrays(tree: object, start: str = "") -> list[tuple[str, np.ndarray]]:
    """Return each leaf of a tree with the names of the fields that lead to it, such as `states/params/...`.

    Args:
      tree: a tree of arrays, or of their shapes.
      start: the start of each name.
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [(start + jax.tree_util.keystr(path, simple=True, separator="/"), leaf) for path, leaf in leaves]


class Checkpoint(NamedTuple):
    """The arrays and the record of one checkpoint."""

    arrays: dict[str, np.ndarray]  # each has at least one axis and is not empty
    record: dict[str, Json]

    def pack(self) -> bytes:
        """Return the checkpoint as bytes, to send it to other processes."""
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **self.arrays, **{_RECORD: _bytes(self.record)})
        return packed.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Return the checkpoint from the bytes that `pack` returned."""
        arrays = dict(np.load(io.BytesIO(packed), allow_pickle=False))
        return cls(arrays, json.loads(arrays.pop(_RECORD).tobytes()))


class Checkpoints:
    """The numbered checkpoints in a folder. A separate thread saves them, one at a time."""

    def __init__(self, folder: Path, keep: int) -> None:
        """Create the folder. At most `keep` checkpoints stay in it, the newest ones.

        Raises:
          UserError: if the folder cannot be written.
        """
        self._folder, self._keep = folder.absolute(), keep
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"workdir: cannot use {error.filename} ({error.strerror}); make it writable") from error
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._saving: Future[None] | None = None
        for unfinished in self._folder.glob(f"*{_PART}*"):  # left by a process that was killed
            shutil.rmtree(unfinished, ignore_errors=True)

    def close(self) -> None:
        """Wait until the current save has ended, and stop the thread."""
        self._pool.shutdown()

    def save(self, number: int, checkpoint: Checkpoint) -> None:
        """Wait for the previous save, then begin to save. The arrays must not change after this call.

        Args:
          number: number of the checkpoint; the newest one has the highest number.
          checkpoint: what is saved.

        Raises:
          UserError: if the previous save has failed.
        """
        self.wait()
        self._saving = self._pool.submit(self._save, number, checkpoint)

    def wait(self) -> None:
        """Wait until everything is on disk.

        Raises:
          UserError: if the checkpoint could not be written. Earlier checkpoints are still there.
        """
        saving, self._saving = self._saving, None
        if saving is not None:
            saving.result()

    def newest(self) -> Checkpoint | None:
        """Return the newest checkpoint that is not damaged, or None without checkpoints.

        Newer ones, which are damaged, are renamed, with a warning.

        Raises:
          UserError: if all checkpoints are damaged, if another version of jnl wrote the checkpoint in another format,
            or if it is not damaged but cannot be read now. Then nothing is renamed.
        """
        damaged = dict[Path, _DamagedError]()
        for number in _numbers(self._folder):
            path = self._folder / str(number)
            try:
                found = _read(path)
            except _DamagedError as error:
                damaged[path] = error
                continue
            for newer, damage in damaged.items():
                _log.warning("the checkpoint %s is damaged (%s); jnl renames it and uses one before", newer, damage)
                aside = newer.with_name(f"{newer.name}.damaged")
                shutil.rmtree(aside, ignore_errors=True)
                newer.rename(aside)
            return found
        if damaged:
            which = "; ".join(f"{path.name}: {error}" for path, error in damaged.items())
            raise UserError(
                f"workdir: all checkpoints in {self._folder} are damaged ({which}), and nothing was changed; restore "
                "one of them, give another workdir, or remove this folder to train from the beginning"
            )
        return None

    def _save(self, number: int, checkpoint: Checkpoint) -> None:
        """Save a checkpoint and remove old ones. Raise `UserError` if it cannot be saved."""
        path = self._folder / str(number)
        try:
            if not self._folder.is_dir():  # Orbax would create it again, without the rest of the workdir
                raise FileNotFoundError("its folder was removed")
            needed = sum(array.nbytes for array in checkpoint.arrays.values())
            if shutil.disk_usage(self._folder).free < 1.1 * needed + 2**16:  # Orbax would print pages of traces
                raise OSError(f"No space left for {needed:,} bytes")
            _write(path, checkpoint)
        except Exception as error:  # Orbax and its libraries can raise anything
            before = "what was saved before is still there: " if _numbers(self._folder) else ""
            raise UserError(
                f"workdir: cannot save the checkpoint {path} ({_words(error)}); {before}make room, and give the same "
                "command again"
            ) from error
        for old in _numbers(self._folder)[self._keep :]:
            shutil.rmtree(self._folder / str(old), ignore_errors=True)


def latest(folder: Path) -> Checkpoint | None:
    """Return the newest checkpoint in a folder that is not damaged, or None. Nothing in the folder changes.

    Raises:
      UserError: as `Checkpoints.newest`.
    """
    for number in _numbers(folder):
        try:
            return _read(folder.absolute() / str(number))
        except _DamagedError as error:
            _log.warning("the checkpoint %s is damaged (%s); jnl takes the one before", folder / str(number), error)
    return None


def _numbers(folder: Path) -> list[int]:
    """Return the numbers of the checkpoints in a folder, the newest first."""
    return sorted((int(path.name) for path in folder.glob("*") if path.name.isdecimal()), reverse=True)


class _DamagedError(Exception):
    """Raised if a checkpoint differs from what was saved."""


@contextmanager
def _opened() -> Iterator["orbax.checkpoint.Checkpointer"]:
    """Yield the object that saves and restores. It works in this process alone and does not wait for others."""
    with quiet():
        import orbax.checkpoint as ocp  # takes a second, so only trainings that save import it

        this = jax.process_index()
        alone = ocp.options.MultiprocessingOptions(
            primary_host=this, active_processes={this}, barrier_sync_key_prefix=f"process{this}"
        )
        handler = ocp.PyTreeCheckpointHandler(multiprocessing_options=alone)
        with ocp.Checkpointer(handler, multiprocessing_options=alone) as checkpointer:
            yield checkpointer


def _write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint and its digests to a temporary folder, and rename the folder to `path`."""
    arrays = {**checkpoint.arrays, _RECORD: _bytes({"format": _FORMAT, **checkpoint.record})}
    arrays[_DIGESTS] = _digests(arrays)
    part = path.with_name(path.name + _PART)
    with _opened() as orbax:
        orbax.save(part, arrays, force=True)
    (part / _FILES).write_text(json.dumps(_files(part)), "utf-8")
    part.rename(path)


def _read(path: Path) -> Checkpoint:
    """Return the checkpoint in a folder. Raise `_DamagedError` if a digest is wrong."""
    try:
        _check_files(path)
        with _opened() as orbax:
            arrays = orbax.restore(path)
        digests, names = arrays.pop(_DIGESTS), sorted(arrays)
        found = _digests(arrays)
        wrong = [name for name, one, other in zip(names, digests, found, strict=True) if (one != other).any()]
    except _DamagedError:
        raise
    except Exception as error:  # Orbax can raise anything; the files are not damaged
        raise UserError(f"workdir: cannot read the checkpoint {path} now ({_words(error)}); try again") from error
    if wrong:
        raise _DamagedError(f"{wrong[0]} has changed since it was saved")
    record = json.loads(arrays.pop(_RECORD).tobytes())
    if record.pop("format") != _FORMAT:
        raise UserError(
            f"workdir: {path} was written by a version of jnl that stores other data; use that version, or another "
            "workdir"
        )
    return Checkpoint(arrays, record)


def _bytes(record: Mapping[str, Json]) -> np.ndarray:
    """Return a record as the bytes of its JSON: u8[length]."""
    return np.frombuffer(json.dumps(record).encode(), np.uint8)


def _check_files(path: Path) -> None:
    """Raise `_DamagedError` if a file is missing or has changed. Others may be there, such as `.DS_Store`."""
    try:
        expected = dict(json.loads((path / _FILES).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError) as error:
        raise _DamagedError(f"the file {_FILES} is missing or damaged") from error
    for name, digest in expected.items():
        file = path / name
        if not file.is_file() or _sha256(file) != digest:
            raise _DamagedError(f"the file {name} is missing or has changed")


def _files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file inside a folder: path in the folder -> hexadecimal digest."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != _FILES)
    return {str(file.relative_to(folder)): _sha256(file) for file in files}


def _sha256(file: Path) -> str:
    """Return the SHA-256 of a file as a hexadecimal number."""
    with file.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


def _digests(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the SHA-256 of the name, dtype, shape and bytes of each array, sorted by name: u8[number, 32]."""
    each = []
    for name, array in sorted(arrays.items()):
        digest = hashlib.sha256(repr((name, array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).data)
        each.append(np.frombuffer(digest.digest(), np.uint8))
    return np.stack(each)


def _words(error: BaseException) -> str:
    """Return an error as one short line. Its message can be a page long."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words if len(words) <= 300 else f"{words[:150]} ... {words[-150:]}"
