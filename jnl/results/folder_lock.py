"""A lock on a folder, so that two processes do not train in it."""

import logging
import os
from pathlib import Path

from jnl.support.errors import UserError

_log = logging.getLogger(__name__)


class FolderLock:
    """A lock on a folder. The kernel holds it, so it ends with the process in every case.

    Windows, and some file systems, have no such locks. There the log says so, and nothing is locked.
    """

    def __init__(self, path: Path) -> None:
        """Lock a folder.

        Raises:
          OSError: if the folder cannot be opened.
          UserError: if another process has locked it.
        """
        self._descriptor: int | None = None
        try:
            import fcntl  # does not exist on Windows
        except ImportError:
            return _warn(path)
        self._descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise UserError(f"workdir: another process is training in {path}; wait, or give another workdir") from error
        except OSError:  # a file system without locks
            _warn(path)

    def release(self) -> None:
        """Unlock the folder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _warn(path: Path) -> None:
    _log.warning("%s cannot be locked on this system; make sure that no other process trains in it", path)
