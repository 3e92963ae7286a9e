"""Checkpoints: named arrays with a record of what they are. The only importer of Orbax.

A checkpoint is a folder that is renamed when it is complete, so a kill leaves no half of one. What Orbax does not do:
it restores a flipped byte without a word, so there is a digest of every array; a damaged file makes it print hundreds
of lines, so there is a digest of every file, which is looked at first; and its manager does not go back past a damaged
checkpoint, and hangs for minutes after an error, so that is done here.
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

from jnl.core.errors import UserError
from jnl.core.json_values import Json
from jnl.core.quiet import quiet

if TYPE_CHECKING:
    import orbax.checkpoint

_log = logging.getLogger(__name__)
_FORMAT = 2  # raise it when what is stored changes
_RECORD, _DIGESTS = "record", "digests"  # stored beside the arrays
_FILES, _PART = "files.json", ".part"  # the digests of files; what a folder is called until it is complete


class Checkpoint(NamedTuple):
    """What is saved at once."""

    arrays: dict[str, np.ndarray]  # of one axis or more, none of them empty
    record: dict[str, Json]

    def pack(self) -> bytes:
        """As bytes, for other processes."""
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **self.arrays, **{_RECORD: _bytes(self.record)})
        return packed.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` gave."""
        arrays = dict(np.load(io.BytesIO(packed), allow_pickle=False))
        return cls(arrays, json.loads(arrays.pop(_RECORD).tobytes()))


class Checkpoints:
    """The checkpoints in a folder, by number. A thread of their own saves them, one at a time."""

    def __init__(self, folder: Path, keep: int) -> None:
        """Creates the folder.

        Raises:
          UserError: it cannot be written.
        """
        self._folder, self._keep = folder.absolute(), keep
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"workdir: cannot use {error.filename} ({error.strerror}); make it writable") from error
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._saving: Future[None] | None = None
        for unfinished in self._folder.glob(f"*{_PART}*"):  # of a process that was killed
            shutil.rmtree(unfinished, ignore_errors=True)

    def close(self) -> None:
        """Ends when the save under way has ended."""
        self._pool.shutdown()

    def save(self, number: int, checkpoint: Checkpoint) -> None:
        """Begins to save, once the save before has ended; the arrays must not change any more.

        Raises:
          UserError: the save before has failed.
        """
        self.wait()
        self._saving = self._pool.submit(self._save, number, checkpoint)

    def wait(self) -> None:
        """Returns when all is on disk.

        Raises:
          UserError: it could not be written; what was saved earlier is still there.
        """
        saving, self._saving = self._saving, None
        if saving is not None:
            saving.result()

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; damaged ones are set aside with a warning. None if there is none.

        Raises:
          UserError: it was written by another version of jnl, in another form, or is whole but cannot be read now;
            nothing is set aside then.
        """
        for number in sorted(self._numbers(), reverse=True):
            path = self._folder / str(number)
            try:
                return _read(path)
            except _DamagedError as error:
                aside = path.with_name(f"{number}.damaged")
                _log.warning("the checkpoint %s is damaged (%s); it is set aside, the one before is tried", path, error)
                shutil.rmtree(aside, ignore_errors=True)
                path.rename(aside)
        return None

    def _numbers(self) -> list[int]:
        return [int(path.name) for path in self._folder.glob("*") if path.name.isdecimal()]

    def _save(self, number: int, checkpoint: Checkpoint) -> None:
        path = self._folder / str(number)
        try:
            if not self._folder.is_dir():  # Orbax would make it again, without the rest of the workdir
                raise FileNotFoundError("its folder is gone")
            needed = sum(array.nbytes for array in checkpoint.arrays.values())
            if shutil.disk_usage(self._folder).free < 1.1 * needed + 2**16:  # Orbax would fail with pages of traces
                raise OSError(f"No space left for {needed:,} bytes")
            _write(path, checkpoint)
        except Exception as error:  # Orbax and what is under it raise anything
            raise UserError(
                f"workdir: cannot save the checkpoint {path} ({_words(error)}); "
                f"{'what was saved before is still there: ' if self._numbers() else ''}make room, and give the same "
                "command again"
            ) from error
        for old in sorted(self._numbers())[: -self._keep]:
            shutil.rmtree(self._folder / str(old), ignore_errors=True)


class _DamagedError(Exception):
    """A checkpoint that is not what was saved."""


@contextmanager
def _opened() -> Iterator["orbax.checkpoint.Checkpointer"]:
    """What saves and restores; of several processes this one alone, so that it does not wait for the others."""
    import orbax.checkpoint as ocp  # takes a second, which only those wait who save

    this = jax.process_index()
    alone = ocp.options.MultiprocessingOptions(
        primary_host=this, active_processes={this}, barrier_sync_key_prefix=f"process{this}"
    )
    handler = ocp.PyTreeCheckpointHandler(multiprocessing_options=alone)
    with quiet(), ocp.Checkpointer(handler, multiprocessing_options=alone) as checkpointer:
        yield checkpointer


def _write(path: Path, checkpoint: Checkpoint) -> None:
    arrays = {**checkpoint.arrays, _RECORD: _bytes({"format": _FORMAT, **checkpoint.record})}
    arrays[_DIGESTS] = _digests(arrays)
    part = path.with_name(path.name + _PART)
    with _opened() as orbax:
        orbax.save(part, arrays, force=True)
    (part / _FILES).write_text(json.dumps(_files(part)))
    part.rename(path)


def _read(path: Path) -> Checkpoint:
    try:
        _check_files(path)
        with _opened() as orbax:
            arrays = orbax.restore(path)
        digests, names = arrays.pop(_DIGESTS), sorted(arrays)
        found = _digests(arrays)
        wrong = [name for name, one, other in zip(names, digests, found, strict=True) if (one != other).any()]
    except _DamagedError:
        raise
    except Exception as error:  # Orbax and what is under it raise anything; the files are whole, so it is not they
        raise UserError(f"workdir: cannot read the checkpoint {path} now ({_words(error)}); try again") from error
    if wrong:
        raise _DamagedError(f"{wrong[0]} is not what was saved")
    record = json.loads(arrays.pop(_RECORD).tobytes())
    if record.pop("format") != _FORMAT:
        raise UserError(
            f"workdir: {path} was written by a version of jnl that stores other things; use that version, or another "
            "workdir"
        )
    return Checkpoint(arrays, record)


def _bytes(record: Mapping[str, Json]) -> np.ndarray:
    return np.frombuffer(json.dumps(record).encode(), np.uint8)


def _check_files(path: Path) -> None:
    """Raises `_DamagedError` if a file is not what was saved."""
    try:
        expected = dict(json.loads((path / _FILES).read_text()))
    except (FileNotFoundError, ValueError, TypeError) as error:
        raise _DamagedError(f"the file {_FILES} is missing or not what was saved") from error
    there = _files(path)
    for name in expected.keys() | there.keys():
        if expected.get(name) != there.get(name):
            raise _DamagedError(f"the file {name} is not what was saved")


def _files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file inside."""
    digests = {}
    for file in folder.rglob("*"):
        if file.is_file() and file.name != _FILES:
            with file.open("rb") as held:
                digests[str(file.relative_to(folder))] = hashlib.file_digest(held, "sha256").hexdigest()
    return digests


def _digests(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """SHA-256 of name, type, shape and bytes of each, in the order of the names: u8[number, 32]."""
    each = []
    for name, array in sorted(arrays.items()):
        digest = hashlib.sha256(repr((name, array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).data)
        each.append(np.frombuffer(digest.digest(), np.uint8))
    return np.stack(each)


def _words(error: BaseException) -> str:
    """One line of what can be a page."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words if len(words) <= 300 else f"{words[:150]} ... {words[-150:]}"
