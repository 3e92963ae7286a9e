"""The one exception for what a user can put right; `train.py` shows it as one line and exits with 2."""

from difflib import get_close_matches


class UserError(ValueError):
    """A wrong setting or wrong data: says which field or file, and what to do."""


def unknown(field: str, value: str, known: list[str]) -> UserError:
    """The error for a name that does not exist, with the names that do."""
    close = get_close_matches(str(value), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return UserError(f"{field}: unknown name {value!r}; {hint}choose one of: {', '.join(known)}")


def within(field: str, value: object, low: float, high: float, hint: str) -> None:
    """Raises `UserError` for a number outside [low, high]; arrays pass, as their numbers were checked before."""
    if isinstance(value, int | float) and not low <= value <= high:
        raise UserError(f"{field}: {value} is outside [{low:g}, {high:g}]; {hint}")
