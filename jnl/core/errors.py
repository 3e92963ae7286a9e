"""The one exception for what a user can put right, which commands show as one line and exit with 2."""

import sys
from collections.abc import Callable
from difflib import get_close_matches

_LONGEST = 2000  # characters of an error; what names it comes first, what to do last


def printable(text: str) -> str:
    """One line that a terminal shows and does not obey: names in data and configs may hold anything.

    Line ends, the character that begins a terminal's commands and others that are not to be seen are escaped as in
    Python.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def reason(error: Exception) -> str:
    """What an error of another library says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


class UserError(ValueError):
    """A wrong setting or wrong data: says which field or file, and what to do, in one printable line."""

    def __init__(self, text: str) -> None:
        text = printable(text)
        super().__init__(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 500]} ... {text[-490:]}")


def unknown(field: str, value: str, known: list[str]) -> UserError:
    """The error for a name that does not exist, with the names that do."""
    close = get_close_matches(str(value), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return UserError(f"{field}: unknown name {value!r}; {hint}choose one of: {', '.join(known)}")


def within(field: str, value: object, low: float, high: float, hint: str) -> None:
    """Raises `UserError` for a number outside [low, high]; arrays pass, as their numbers were checked before."""
    if isinstance(value, int | float) and not low <= value <= high:
        raise UserError(f"{field}: {value} is outside [{low:g}, {high:g}]; {hint}")


def exit_code(work: Callable[[], object]) -> int:
    """Does the work of a command and prints what it gives: 0; 2, and one line, for what the user can put right."""
    try:
        print(work())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
