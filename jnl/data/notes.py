"""Sentences about what a reader of data did: they are in `Dataset.notes`, in the log and in `config.json`."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from jnl.support.warn import warn


class DataWarning(UserWarning):
    """The warning of a reader about a guess, or about data that it left out. `Dataset.notes` has the sentence too."""


def doubt(sentence: str) -> str:
    """Warn about a guess or about left out data, and return the sentence."""
    warn(sentence, DataWarning)
    return sentence


@contextmanager
def data_warnings_hidden() -> Iterator[None]:
    """Hide the warnings of readers from people to whom a command prints the notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        yield
