"""Options of a data set that a command has as texts, such as `size=32`."""

from collections.abc import Sequence

from jnl import data
from jnl.support.errors import UserError, unknown
from jnl.support.registry import Value
from jnl.support.text import TYPES

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


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
            options[option] = _TRUTH[value.lower()] if kind is bool else kind(value)
        except (KeyError, ValueError) as error:
            raise UserError(f"--set {text}: {value!r}; give {TYPES[kind]}") from error
    return options
