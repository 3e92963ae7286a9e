"""20 Newsgroups, on the real posts."""

import re
from collections import Counter

import numpy as np
import pytest
from helpers import synthetic
from helpers.synthetic import same, sha

from jnl import data
from jnl.data import cache
from jnl.data.readers import tfds
from jnl.support.errors import UserError

WORD = "[a-z]+|[0-9]+"


@pytest.fixture(scope="module")
def news(shared_data):
    """All posts as tokens."""
    return data.load("news", shared_data)


@pytest.fixture(scope="module")
def posts(shared_data):
    """The texts of the training posts."""
    return [row["text"].decode() for row in tfds.records("newsgroups20", shared_data, "train")]


class TestNews:
    """20 Newsgroups in 7 groups."""

    def test_groups_are_counted_as_published(self, news):
        np.testing.assert_array_equal(np.bincount(news.train.labels), [480, 2936, 585, 2389, 2373, 599, 1952])
        np.testing.assert_array_equal(np.bincount(news.test.labels), [319, 1955, 390, 1590, 1579, 398, 1301])
        assert len(news.class_names) == 7

    def test_tokens_are_those_of_the_posts(self, news, posts):
        """Read back by an own count: the most frequent words, in this order."""
        tokens = news.train.inputs
        assert tokens.shape == (11314, 1000) and tokens.dtype == np.int32
        words = [re.findall(WORD, post.lower())[:1000] for post in posts]
        counts = Counter(word for post in words for word in post)
        found = np.bincount(tokens.ravel(), minlength=20_000)
        assert len(found) == 20_000
        assert (np.diff(found[2:]) <= 0).all()
        assert found[2:].sum() == sum(count for _, count in counts.most_common(19_998))
        assert found[0] == sum(1000 - len(post) for post in words)
        most = [word for word, _ in counts.most_common(3)]
        for row in (0, 5000, 11313):
            np.testing.assert_array_equal(tokens[row] > 0, np.arange(1000) < len(words[row]))
            for number, word in enumerate(most, 2):
                assert [place for place, token in enumerate(tokens[row]) if token == number] == [
                    place for place, other in enumerate(words[row]) if other == word
                ]
        assert (sha(tokens), sha(news.test.inputs)) == ("be61833566973e7d", "9901ae080164dfff")

    def test_vectors_are_pooled_as_by_hand(self, shared_data, posts, own):
        known = synthetic.glove(own / "glove.txt", ["zebrafish", "the", "from", ".", "subject", "1993", "naïve"])
        loaded = data.load("news", shared_data, length=10, vectors=str(own / "glove.txt"))
        assert loaded.train.inputs.shape == (11314, 48) and loaded.train.inputs.dtype == np.float32
        for row in (0, 17, 11313):
            words = [word for word in re.findall(WORD, posts[row].lower())[:10] if word in known]
            assert words
            flat = np.zeros(3000, np.float32)
            flat[: 300 * len(words)] = np.concatenate([known[word] for word in words])
            means = [flat[i * 3000 // 48 : -(-(i + 1) * 3000 // 48)].mean() for i in range(48)]
            np.testing.assert_allclose(loaded.train.inputs[row], means, rtol=1e-4, atol=1e-6)
        same(loaded, data.load("news", shared_data, length=10, vectors=str(own / "glove.txt")))

    def test_without_a_folder_scikit_learn_has_them(self, own, monkeypatch):
        """As its own cache holds them: no network."""
        monkeypatch.setenv("SCIKIT_LEARN_DATA", str(own / "home"))
        texts = ["The cat, the 2 dogs", "A dog the", "zzz"]
        synthetic.scikit_learn_news(own / "home", {"train": (texts, [0, 3, 19]), "test": (["the bird"], [7])})
        loaded = data.load("news", length=5, vocabulary=4)
        np.testing.assert_array_equal(loaded.train.inputs, [[2, 1, 2, 3, 1], [1, 1, 2, 0, 0], [1, 0, 0, 0, 0]])
        np.testing.assert_array_equal(loaded.train.labels, [0, 1, 6])
        np.testing.assert_array_equal(loaded.test.inputs, [[2, 1, 0, 0, 0]])
        np.testing.assert_array_equal(loaded.test.labels, [3])

    @pytest.mark.parametrize(
        "lines, said",
        [
            ("the 0.1 0.2\n", "data.vectors: line 1 .*300 numbers"),
            ("\nthe " + "x " * 300 + "\n", "data.vectors: line 2 .*300 numbers"),
            ("zebrafish " + "0 " * 300 + "\n", "data.vectors: .*no vector for any word"),
            ("naïve " + "0 " * 300 + "\n", "data.vectors: cannot read"),
            (None, "data.vectors: cannot read"),
        ],
    )
    def test_wrong_vectors_are_told(self, lines, said, own, monkeypatch):
        monkeypatch.setenv("SCIKIT_LEARN_DATA", str(own / "home"))
        synthetic.scikit_learn_news(own / "home", {part: (["the cat"] * 2, [0, 7]) for part in ("train", "test")})
        if lines is not None:
            (own / "vectors.txt").write_text(lines, encoding="latin-1")
        with pytest.raises(UserError, match=said):
            data.load("news", length=5, vectors=str(own / "vectors.txt"))
        assert not cache.directory().exists() or not list(cache.directory().iterdir())

    @pytest.mark.parametrize("options", [{"length": 0}, {"length": -5}, {"length": 12}, {"vocabulary": 2}])
    def test_wrong_settings_are_told(self, options):
        with pytest.raises(UserError, match=f"data.{next(iter(options))}"):
            data.load("news", **options)

    def test_a_missing_or_empty_folder_is_told(self, tmp_path):
        for _ in range(2):
            with pytest.raises(UserError, match=f"no newsgroups20 in {tmp_path}; leave data.dir out"):
                data.load("news", tmp_path)
            (tmp_path / "newsgroups20" / "1.0.0").mkdir(parents=True, exist_ok=True)
