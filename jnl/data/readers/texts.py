"""Read a column of texts in a table as numbers of their words."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from jnl.data.notes import doubt
from jnl.data.readers import cells, words
from jnl.data.readers.tables import Table
from jnl.support.errors import UserError
from jnl.support.text import number

_LONGEST = 15  # letters of a word on average; more in writing without spaces


class Texts(NamedTuple):
    """The texts of a training table, and of a test table if there is one."""

    train: np.ndarray  # i32[N, length]
    test: np.ndarray | None  # i32[M, length]
    words: tuple[str, ...]  # those with the numbers from 2
    whole: list[str]  # the training texts as they were
    notes: tuple[str, ...]


def column(table: Table, name: str, field: str) -> list[str]:
    """Return the texts in a column; missing ones are empty.

    Args:
      table: the table.
      name: name of the column.
      field: config field or argument that holds the name, for the error message.

    Raises:
      UserError: there is no such column.
    """
    if name not in table.columns.column_names:
        known = ", ".join(table.columns.column_names[:20])
        raise UserError(f"{field}: no column {name!r}; the table has {known}")
    return ["" if value is None else str(value) for value in cells.content(table.columns, name, field)]


def read(train: Table, test: Table | None, name: str, length: int, vocabulary: int) -> Texts:
    """Return the texts in a column as numbers of words.

    Args:
      train: the training table, which gives the vocabulary.
      test: the test table.
      name: name of the column.
      length: number of words of a text; longer ones are cut. NewsNet needs a multiple of 5.
      vocabulary: largest number of different words, with 0 for no word and 1 for any other word.

    Raises:
      UserError: there is no such column, its texts have no words, or a number cannot be used.
    """
    words.check_sizes(length, vocabulary, 200)
    texts = column(train, name, "data.text")
    every = _first_words(texts, length)
    known = words.vocabulary((each[:length] for each in every), vocabulary)
    if not known:
        raise UserError(f"data.text: column {name!r} has no words; name a column of texts")
    notes = [f"the inputs are the words of column {name!r}: {len(known):,} different ones"]
    if cut := sum(len(each) > length for each in every):
        notes.append(f"{number(cut, 'text')} of more than {length:,} words cut; data.length says how many are read")
    if empty := sum(not each for each in every):
        notes.append(doubt(f"data.text: {number(empty, 'text')} without a word"))
    letters = sum(map(len, known)) / len(known)
    if letters > _LONGEST:
        notes.append(
            doubt(
                f"data.text: the words of column {name!r} have {letters:.0f} letters on average, because jnl splits "
                "texts at spaces and signs alone; give embeddings of texts that are written without spaces"
            )
        )
    held = None if test is None else _first_words(column(test, name, "data.text"), length)
    return Texts(
        words.tokens((each[:length] for each in every), known, length),
        None if held is None else words.tokens((each[:length] for each in held), known, length),
        tuple(known),
        texts,
        tuple(notes),
    )


def _first_words(texts: Iterable[str], length: int) -> list[list[str]]:
    """Return the first words of each text: `length`, and one more if the text is longer."""
    return [words.of_any_language(text)[: length + 1] for text in texts]
