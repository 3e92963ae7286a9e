"""Run the main function of a command, and show the errors that a user can correct as one line."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from jnl.support.errors import UserError


def exit_code(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a main function and return its exit code. A `UserError` is printed as one line; then the code is 2.

    Args:
      main: the function, which takes the arguments and returns its exit code.
      arguments: the words after the name of the command.
    """
    try:
        return main(arguments)
    except UserError as error:
        tell(f"error: {error}")
        return 2


def tell(text: str) -> None:
    """Print a line on stderr, if it is open, somebody reads it and its disk is not full."""
    if sys.stderr is None:  # `print` would take stdout
        return
    with suppress(OSError):
        print(text, file=sys.stderr)
