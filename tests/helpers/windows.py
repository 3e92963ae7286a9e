"""Runs commands of jnl, given as JSON, in a process in which jnl's own code finds no more than Windows has.

Other packages find what there is. A file of text has the encoding cp1252 unless the code names another, and no file can
be renamed or removed while it is open or mapped.
"""

import builtins
import json
import os
import signal
import sys
import types
import warnings
from pathlib import Path

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
NAMES = set(dir(os)) & {
    "chown", "fchmod", "fdatasync", "fork", "geteuid", "getloadavg", "getpgid", "getuid", "killpg", "mkfifo", "nice",
    "posix_fallocate", "posix_fadvise", "pread", "pwrite", "sched_getaffinity", "setsid", "statvfs", "sysconf", "sync",
    "uname", "wait3",
}  # fmt: skip
SIGNALS = {name for name in dir(signal) if name.startswith("SIG")} - {
    "SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN",
}  # fmt: skip


def without(module, names):
    """A copy of a module that lacks names."""
    copy = types.ModuleType(module.__name__)
    vars(copy).update({name: value for name, value in vars(module).items() if name not in names})
    return copy


def open_file(path, *given, **named):
    """Opens no folder."""
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return os.open(path, *given, **named)


here = {"os": without(os, NAMES), "signal": without(signal, SIGNALS)}
here["os"].open, here["os"].name = open_file, "nt"
find = builtins.__import__


def windows_import(name, globals=None, *more, **named):
    if (globals or {}).get("__name__", "").partition(".")[0] == "jnl":
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}")
        if name in here:
            return here[name]
    return find(name, globals, *more, **named)


def is_jnls():
    """Whether jnl's own code, through the standard library, does what happens."""
    frame = sys._getframe(2)
    while Path(frame.f_code.co_filename).parent.parent.name.startswith(("python3", "lib")):
        frame = frame.f_back
    return frame.f_globals.get("__name__", "").startswith("jnl.")


def in_use(path):
    """Whether this process has opened or mapped the file, or a file in the folder."""
    opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    mapped = [line.split(maxsplit=5)[-1] for line in Path("/proc/self/maps").read_text("utf-8").splitlines()]
    path = os.path.realpath(path)
    return any(one == path or one.startswith(path + os.sep) for one in (*opened, *mapped))


def watch(event, arguments):
    if event in ("os.rename", "os.remove") and is_jnls() and in_use(os.fspath(arguments[0])):
        raise PermissionError(32, "it is used", arguments[0])


builtins.__import__ = windows_import
sys.addaudithook(watch)
warnings.filterwarnings("error", "'encoding' argument not specified", EncodingWarning, module="jnl")

from jnl import cli  # noqa: E402

for command in json.loads(sys.argv[1]):
    code = cli.main(command)
    if code:
        sys.exit(code)
