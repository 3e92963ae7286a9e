"""`UserError`, the exception for mistakes that a user can correct, and functions that raise it.

The command `jnl` shows a `UserError` as one line and exits with code 2.
"""

from difflib import get_close_matches
from numbers import Integral, Real

_ROUNDED = 1e-7  # largest relative change of a number by an f32 array, in which hyperparameters are stored
_LONGEST = 2000  # most characters of a message; the wrong field is at its start and the advice at its end


def printable(text: str) -> str:
    """Return the text as one line that is safe to print in a terminal.

    Line ends, the escape character of terminal commands and other invisible characters are escaped as in Python. Names
    in data and configs may contain them.
    """
    if text.isprintable():  # nearly always; a report asks this of every name in every row
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def reason(error: BaseException) -> str:
    """Return the message of an error of another library on one line, or the type of the error if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


class UserError(ValueError):
    """A wrong setting or wrong data. The message is one printable line: the field or file, and how to correct it."""

    def __init__(self, text: str) -> None:
        text = printable(text)
        super().__init__(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 500]} ... {text[-490:]}")


def unknown(field: str, value: str, known: list[str]) -> UserError:
    """Return the error for an unknown name.

    Args:
      field: the config field or argument that holds the name.
      value: the unknown name.
      known: the valid names, which the message lists.
    """
    plain = {_plain(name): name for name in known}
    wanted = _plain(str(value))
    longer = [name for name in plain if len(wanted) > 2 and name.startswith(wanted)]
    close = [*longer[:1], *get_close_matches(wanted, plain, n=1)]
    hint = f"did you mean {plain[close[0]]!r}? " if close else ""
    return UserError(f"{field}: unknown name {value!r}; {hint}choose one of: {', '.join(known)}")


def _plain(name: str) -> str:
    """Return the small letters and digits of a name: people write MNIST and Co-teaching+."""
    return "".join(c for c in name.lower().replace("+", "plus") if c.isalnum())


def too_large(field: str, path: object) -> UserError:
    """Return the error for a file that needs more memory than there is. A damaged file may ask for as much."""
    return UserError(f"{field}: {path} needs more memory than this machine has, or is damaged; give another file")


def whole_number(field: str, value: object, least: int) -> int:
    """Return a whole number as an int. Raise `UserError` if it is not one, or below the least valid one.

    Args:
      field: the config field or argument that holds the number.
      value: the number; a bool is not one.
      least: smallest valid number.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise UserError(f"{field}: {value!r}; give a whole number of at least {least}")
    return int(value)


def check_shape(name: str, shape: tuple[int, ...], form: str) -> None:
    """Raise `UserError` unless a shape has the axes of a form.

    Args:
      name: the argument.
      shape: its shape.
      form: the axes in words. `[2, B, C]` means three axes, and the first has the length 2.
    """
    axes = form.strip("[]").split(", ")
    fits = len(axes) == len(shape) and all(
        int(axis) == length for axis, length in zip(axes, shape, strict=True) if axis.isdecimal()
    )
    if not fits:
        raise UserError(f"{name}: an array of shape {list(shape)}; give {form}")


def within(field: str, value: object, low: float, high: float, hint: str) -> None:
    """Raise `UserError` if a number is outside [low, high].

    Args:
      field: the config field or argument that holds the number.
      value: the number. Arrays always pass, because their numbers were checked before.
      low: smallest valid number.
      high: largest valid number.
      hint: advice for the message.
    """
    if isinstance(value, str):
        raise UserError(f"{field}: {value!r} is a text; give a number")
    if isinstance(value, Real) and not low - _ROUNDED * abs(low) <= float(value) <= high + _ROUNDED * abs(high):
        raise UserError(f"{field}: {value} is outside [{low:g}, {high:g}]; {hint}")
