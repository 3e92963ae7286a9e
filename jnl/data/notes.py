"""Sentences about what a reader of data did: they are in `Dataset.notes`, in the log and in `config.json`."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jnl.core.warn import warn

_SHOWN = 5  # most names in a sentence


class DataWarning(UserWarning):
    """The warning of a reader about a guess, or about data that it left out. `Dataset.notes` has the sentence too."""


def doubt(sentence: str) -> str:
    """Warn about a guess or about left out data, and return the sentence."""
    warn(sentence, DataWarning)
    return sentence


@contextmanager
def notes_are_printed() -> Iterator[None]:
    """Hide the warnings of readers from people to whom a command prints the notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        yield


def number(count: int, thing: str) -> str:
    """Return a count with its thing: "1 file", "2,000 files"."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def listed(names: Sequence[str]) -> str:
    """Return the first names, in quotes, and how many more there are."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name) for name in names[:_SHOWN]) + more
