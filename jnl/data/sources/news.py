"""20 Newsgroups (by date) in the 7 groups of Co-teaching+: 11,314 training and 7,532 test posts.

The classes are 0 alt.atheism, 1 comp.*, 2 misc.forsale, 3 rec.*, 4 sci.*, 5 soc.religion.christian, 6 talk.*. An
input has the first `length` words and numbers of a post in lower case, headers included. They are ids: the most
frequent words of the training posts have the ids from 2, any other word has id 1, and 0 is no word.

`vectors` is a text file of pretrained word vectors (GloVe: a word and 300 numbers in each line). With it, an input has
the pooled vectors of the post, as the published network sees them. The vectors are not trained. Words without a vector
are left out.

Departures: The published code splits one ordered list of posts at 70 %. The by-date version, which is used here, has
fixed training and test posts. The published tokenizer is not known.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.data import cache
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.preparation import Preparation
from jnl.data.readers import vectors as word_vectors
from jnl.data.readers import word_pooling, words
from jnl.data.readers.tfds import records
from jnl.support.errors import UserError
from jnl.support.paths import Folder

CLASSES = ("alt.atheism", "comp", "misc.forsale", "rec", "sci", "soc.religion.christian", "talk")
PARTS = ("train", "test")
_GROUPS = np.repeat(np.arange(7), [1, 5, 1, 4, 4, 1, 4])  # class of each of the 20 groups in alphabetical order


class _Posts(NamedTuple):
    """The posts of one part of the data."""

    texts: list[str]
    groups: np.ndarray  # i64[N], 0 to 19


def load(dir: Folder = None, length: int = 1000, vocabulary: int = 20_000, vectors: str = "") -> Dataset:
    """Load the posts as tokens i32[N, length], or as f32[N, 4.8 length] with `vectors`.

    Args:
      dir: folder with the TFDS data set `newsgroups20` as array_record files. Its splits are `train` and `test`, and
        its records have `text` and `label` (0 to 19, the groups in alphabetical order). If it is None, scikit-learn
        downloads the posts.
      length: largest number of words of a post, a multiple of 5.
      vocabulary: number of ids, including 0 and 1; not used with `vectors`.
      vectors: path of the text file of word vectors; "" for none.

    Raises:
      UserError: Posts or vectors cannot be read, the length is not a multiple of 5, or the vocabulary is too small.
    """
    words.check_sizes(length, vocabulary, 1000)

    def make(allocate: cache.Allocate) -> None:
        posts = {part: _fetched(part) if dir is None else _prepared(dir, part) for part in PARTS}
        texts = {part: [words.split(post, length) for post in posts[part].texts] for part in PARTS}
        known = [] if vectors else words.vocabulary(texts["train"], vocabulary)
        text = np.frombuffer(" ".join(known).encode(), np.uint8)
        allocate("vocabulary", text.shape, text.dtype)[...] = text
        for part, inputs in zip(PARTS, _numbers(texts, length, known, vectors), strict=True):
            allocate(f"{part}_inputs", inputs.shape, inputs.dtype)[...] = inputs
            allocate(f"{part}_labels", (len(inputs),), np.int32)[...] = _GROUPS[posts[part].groups]

    sources = [Path(dir) / "newsgroups20" if dir is not None else None, Path(vectors) if vectors else None]
    there = [source for source in sources if source is not None and source.exists()]
    arrays = cache.through(f"news-words-{length}-{vocabulary}-{bool(vectors)}-{dir is None}", there, make)
    train, test = (split(arrays[f"{part}_inputs"], arrays[f"{part}_labels"]) for part in PARTS)
    known = tuple(arrays["vocabulary"].tobytes().decode().split())
    form = Preparation(tuple(train.inputs.shape[1:]), str(train.inputs.dtype), words=known)
    return Dataset(train, test, CLASSES, preparation=form)


def _numbers(texts: dict[str, list[list[str]]], length: int, known: Sequence[str], file: str) -> list[np.ndarray]:
    """Return the inputs of each part: i32[N, length] without a `file` of word vectors, else f32[N, 4.8 length]."""
    if not file:
        return [words.tokens(texts[part], known, length) for part in PARTS]
    found = word_vectors.read(Path(file), {word for part in PARTS for post in texts[part] for word in post})
    ids = ([[found.ids[word] for word in post if word in found.ids] for post in texts[part]] for part in PARTS)
    return [word_pooling.pool(found.vectors, words.padded(posts, length)) for posts in ids]


def _prepared(dir: Folder, part: str) -> _Posts:
    """Return the posts of one part from the prepared files."""
    try:
        rows = records("newsgroups20", dir, part)
    except UserError as error:  # the message of `records` does not apply, because TFDS cannot prepare this data set
        raise UserError(
            f"data.dir: no newsgroups20 in {dir}; leave data.dir out and scikit-learn fetches the posts"
        ) from error
    try:
        texts = [row["text"].decode(errors="replace") for row in rows]
        groups = np.array([row["label"] for row in rows], int)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"data.dir: newsgroups20 in {dir} has no `text` and `label`; prepare it again") from error
    if not len(groups) or not 0 <= groups.min() <= groups.max() < len(_GROUPS):
        raise UserError(f"data.dir: newsgroups20 in {dir} has no posts, or labels outside 0 to 19; prepare it again")
    return _Posts(texts, groups)


def _fetched(part: str) -> _Posts:
    """Return the posts of one part, which scikit-learn downloads."""
    from sklearn.datasets import fetch_20newsgroups  # imported here, because the import takes seconds

    try:
        posts = fetch_20newsgroups(subset=part, shuffle=False)
    except OSError as error:
        raise UserError(
            f"data.dir: not set, and the 20 Newsgroups cannot be fetched ({error}); give the folder of prepared files"
        ) from error
    return _Posts(posts.data, posts.target)
