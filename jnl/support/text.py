"""Parts of sentences for people: counts with their nouns, lists of names, and types."""

import re
from collections.abc import Sequence

TYPES = {
    bool: "True or False", int: "a whole number", float: "a number", str: "a text", tuple: "a list",
}  # fmt: skip
_SHOWN = 5  # most names in a sentence
_LONG = 60  # characters of a value, from which on a sentence names only its type
_UNDECODED = re.compile("[\udc80-\udcff]+")  # how Python holds bytes of a file name that the locale cannot decode


def number(count: int, thing: str) -> str:
    """Return a count with its thing: "1 file", "2,000 files"."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def encodable(text: str) -> str:
    """Return a text that UTF-8 can hold.

    Bytes of a file name that the locale cannot decode are read as UTF-8. If they are none, they become escapes, as in
    Python.
    """
    text = _UNDECODED.sub(_as_utf8, text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _as_utf8(undecoded: re.Match[str]) -> str:
    return undecoded[0].encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def shown(value: object) -> str:
    """Return a value as Python writes it, or its type if that is long, as it is for a record or a network."""
    text = repr(value)
    return text if len(text) < _LONG else f"an object of the type {type(value).__name__}"


def listed(names: Sequence[str]) -> str:
    """Return the first names, in quotes, and how many more there are."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name) for name in names[:_SHOWN]) + more
