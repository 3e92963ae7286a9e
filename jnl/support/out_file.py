"""The file that `--out` names: check it before the work begins, and write it as a whole."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from jnl.support.errors import UserError
from jnl.support.paths import PART


def check_out_file(file: Path, is_own: Callable[[IO[bytes]], bool], content: str) -> None:
    """Raise `UserError` if a file cannot be written, or holds something that jnl did not write there.

    Args:
      file: the file; it may not exist yet, be empty, or be a device such as /dev/stdout.
      is_own: returns whether the content of an existing file is an earlier one of jnl, which may be replaced.
      content: what jnl writes into the file, for the error message.
    """
    try:
        if file.is_dir():
            raise UserError(f"--out: {file} is a folder; give a file")
        if file.is_file() and file.stat().st_size:
            with file.open("r+b") as before:  # a file that is read-only is not replaced
                if not is_own(before):
                    raise UserError(
                        f"--out: {file} exists and holds no {content} of jnl; give another file, or remove it first"
                    )
        if not _is_device(file):
            part = _part(_target(file))
            part.touch()
            part.unlink()
    except OSError as error:
        raise _unusable(file, error) from error


def write_out_file(file: Path, content: bytes) -> None:
    """Write a file. An earlier one stays until the new one is complete.

    Raises:
      UserError: the file cannot be written, for example because the disk is full.
    """
    try:
        if _is_device(file):
            file.write_bytes(content)
            return
        target = _target(file)
        part = _part(target)
        try:
            part.write_bytes(content)
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)  # it exists only after an error
    except OSError as error:
        raise _unusable(file, error) from error


def _is_device(file: Path) -> bool:
    return file.exists() and not file.is_file()


def _target(file: Path) -> Path:
    """Return the file that a symbolic link names, so that the link stays."""
    return Path(os.path.realpath(file))


def _part(target: Path) -> Path:
    return target.with_name(f"{PART}{os.getpid()}")


def _unusable(file: Path, error: OSError) -> UserError:
    return UserError(f"--out: cannot write {file} ({error.strerror}); give another file")
