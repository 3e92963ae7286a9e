"""Read pretrained word vectors from a text file in the format of GloVe."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.support.errors import UserError

WIDTH = 300


class Vectors(NamedTuple):
    """Word vectors. Row 0 is zero and stands for no word."""

    ids: dict[str, int]  # word -> row of its vector
    vectors: np.ndarray  # f32[V, 300]


def read(path: Path, words: set[str]) -> Vectors:
    """Return the vectors of all given words that the file contains.

    Raises:
      UserError: The file cannot be read, the line of a given word does not have 300 numbers, or none of the words is in
        the file.
    """
    ids: dict[str, int] = {}
    rows = [np.zeros(WIDTH, np.float32)]
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.partition(" ")[0] not in words:  # to split every line would take a hundred times as long
                    continue
                word, *values = line.rstrip().rsplit(" ", WIDTH)
                if word not in words:
                    continue
                try:
                    row = np.array(values, np.float32).reshape(WIDTH)
                except ValueError as error:
                    message = f"data.vectors: line {number} of {path} is not a word and {WIDTH} numbers"
                    raise UserError(message) from error
                ids.setdefault(word, len(rows))
                rows += [row] * (ids[word] == len(rows))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"data.vectors: cannot read {path} ({error}); give a GloVe text file") from error
    if not ids:
        raise UserError(f"data.vectors: {path} has no vector for any word of the posts")
    return Vectors(ids, np.stack(rows))
