"""The command `jnl`. Each file in this folder is a subcommand: it has the name of the file, and a function `main`."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jnl.support import registry
from jnl.support.command import exit_code, tell
from jnl.support.numerics import fixed_numerics
from jnl.support.signals import BROKEN_PIPE, Stopped
from jnl.support.version import VERSION

_HERE = sys.modules[__name__]
_SAVED = "what was saved before is in the workdir or the folder --out, if one was given"


@fixed_numerics()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command such as `jnl train --config=jocor` and return its exit code.

    The code is 0; 1 if all runs of a training failed; 2 for an error that the user can correct; 75 if the minutes of a
    training are over; 128 + N after signal N.

    Args:
      arguments: the words after `jnl`; None means the arguments of this process.
    """
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # else some names cannot be printed
    if os.getcwd() not in sys.path:  # so that a method in this folder is found by its name, but hides no package
        sys.path.append(os.getcwd())
    try:
        with _warnings_in_a_line():
            code = exit_code(_subcommand, [name, *rest])
        if sys.stdout is not None:
            sys.stdout.flush()  # so that an error comes here, and not when Python ends
        return code
    except Stopped as stopped:
        tell(str(stopped))
        return stopped.exit_code
    except KeyboardInterrupt:
        tell(f"stopped; {_SAVED}")
        return 130
    except BrokenPipeError:
        _drop_output()
        tell(f"stopped, because nothing reads the output any more; {_SAVED}")
        return 128 + BROKEN_PIPE
    except OSError as error:
        if not _is_lost():
            raise
        _drop_output()
        tell(f"error: stdout: a line cannot be written ({error.strerror}); give another file or disk; {_SAVED}")
        return 2


def _is_lost() -> bool:
    """Return whether no line can be written on stdout, as on a full disk. Else this writes an empty line."""
    try:
        os.write(sys.stdout.fileno(), b"\n")
    except OSError:
        return True
    return False


def _drop_output() -> None:
    """Send what is still to be printed nowhere. Else Python fails when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _subcommand(words: Sequence[str]) -> int:
    """Run a subcommand, whose name is the first word, and return its exit code."""
    name, *rest = words
    if name in ("--help", "-h"):
        print(usage())
        return 0
    if name == "--version":
        print(f"jnl {VERSION}")
        return 0
    return registry.find(_HERE, name, "jnl").main(rest)


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Show warnings of jnl without the line of code that they stand at, which says nothing to people at a terminal."""
    before = warnings.formatwarning

    def in_a_line(message: Warning | str, category: type[Warning], *where: object, **more: object) -> str:
        if issubclass(category, UserWarning):
            return f"warning: {message}\n"
        return before(message, category, *where, **more)  # type: ignore[arg-type]

    warnings.formatwarning = in_a_line
    try:
        yield
    finally:
        warnings.formatwarning = before


def usage() -> str:
    """Return the help of the command: a line for each subcommand."""
    described = {name: registry.find(_HERE, name, "jnl").__doc__ or "" for name in registry.names(_HERE)}
    lines = [f"  {name:12} {text.partition(chr(10))[0]}" for name, text in described.items()]
    return "\n".join(
        [
            "usage: jnl SUBCOMMAND ...  (in a checkout without installation: python -m jnl SUBCOMMAND ...)",
            *lines,
            "jnl SUBCOMMAND --help describes a subcommand. jnl --version prints the version.",
        ]
    )
