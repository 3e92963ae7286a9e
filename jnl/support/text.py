"""Parts of sentences for people: counts with their nouns, lists of names, and types."""

from collections.abc import Sequence

TYPES = {
    bool: "True or False", int: "a whole number", float: "a number", str: "a text", tuple: "a list",
}  # fmt: skip
_SHOWN = 5  # most names in a sentence
_LONG = 60  # characters of a value, from which on a sentence names only its type


def number(count: int, thing: str) -> str:
    """Return a count with its thing: "1 file", "2,000 files"."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def encodable(text: str) -> str:
    """Return a text that UTF-8 can hold: bytes of a file name that are no UTF-8 become escapes, as in Python."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(value: object) -> str:
    """Return a value as Python writes it, or its type if that is long, as it is for a record or a network."""
    text = repr(value)
    return text if len(text) < _LONG else f"an object of the type {type(value).__name__}"


def listed(names: Sequence[str]) -> str:
    """Return the first names, in quotes, and how many more there are."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name) for name in names[:_SHOWN]) + more
