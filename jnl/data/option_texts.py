"""Options of a data set that a command has as texts, such as `size=32`."""

from collections.abc import Sequence

from jnl import data
from jnl.core.errors import UserError, unknown
from jnl.core.registry import Value


def parsed(name: str, given: Sequence[str]) -> dict[str, Value]:
    """Return options of a data set by their names.

    Args:
      name: name of the data set.
      given: texts `option=value`.

    Raises:
      UserError: an option is unknown, or its value is not of its type.
    """
    known, options = data.options(name), dict[str, Value]()
    for text in given:
        option, _, value = text.partition("=")
        if option not in known:
            raise unknown(f"--set {text}", option, list(known) or ["(it has none)"])
        kind = type(known[option])
        try:
            options[option] = value.lower() in ("true", "1") if kind is bool else kind(value)
        except ValueError as error:
            raise UserError(f"--set {text}: {value!r} is not a whole number; give one") from error
    return options
