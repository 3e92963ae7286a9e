"""Texts as numbers of their words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from jnl.support.errors import UserError

_WORD = re.compile(r"[a-z]+|[0-9]+")
_JOINERS = "\u200c\u200d"  # invisible characters inside words of Persian and of Indian languages
FIRST = 2  # id of the first word: 0 is no word, and 1 is any other word


def split(text: str, length: int) -> list[str]:
    """Return the first `length` words and numbers of a text in lower case."""
    return _WORD.findall(text.lower())[:length]


def check_sizes(length: int, vocabulary: int, usual: int) -> None:
    """Raise `UserError` unless texts can have so many words, of so many different ones.

    Args:
      length: number of words of a text.
      vocabulary: number of ids, with 0 for no word and 1 for any other word.
      usual: a length to recommend.
    """
    if length < 5 or length % 5:
        raise UserError(f"data.length: {length}; give a multiple of 5, such as {usual}")
    if vocabulary < 3:
        raise UserError(f"data.vocabulary: {vocabulary}; give at least 3 words, such as 20000")


def of_any_language(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case. Letters of all alphabets count, with their signs."""
    pattern = _WORD if text.isascii() else _any_word()
    return pattern.findall(unicodedata.normalize("NFC", text).lower())


@cache
def _any_word() -> re.Pattern[str]:
    """Return the pattern of a word or number. Python takes the signs that belong to a letter for no part of a word."""
    signs = "".join(sign for sign in map(chr, range(0x300, 0x20000)) if unicodedata.category(sign).startswith("M"))
    after_letter = rf"[{re.escape(signs)}]|[{_JOINERS}]+(?=[^\W\d_])"
    return re.compile(rf"[^\W\d_]+(?:(?:{after_letter})+[^\W\d_]*)*|\d+")


def vocabulary(texts: Iterable[Iterable[str]], size: int) -> list[str]:
    """Return the `size - 2` most frequent words of split texts; ties are in alphabetical order."""
    counts = Counter(word for words in texts for word in words)
    return sorted(counts, key=lambda word: (-counts[word], word))[: size - FIRST]


def tokens(texts: Iterable[Sequence[str]], words: Sequence[str], length: int) -> np.ndarray:
    """Return split texts as i32[N, length]: the words of the vocabulary have the ids from 2."""
    ids = {word: number for number, word in enumerate(words, FIRST)}
    return padded([[ids.get(word, 1) for word in text] for text in texts], length)


def padded(rows: Sequence[Sequence[int]], length: int) -> np.ndarray:
    """Return the ids of texts as i32[N, length], with 0 after the end of a text."""
    array = np.zeros((len(rows), length), np.int32)
    for row, ids in zip(array, rows, strict=True):
        row[: len(ids)] = ids
    return array
