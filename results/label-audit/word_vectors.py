"""Write word vectors that are learned from the training posts of 20 Newsgroups, without labels, in the format of GloVe.

    python results/label-audit/word_vectors.py DIR OUT

DIR is the folder of the data set `newsgroups20`, and OUT the file of vectors. They are the first 300 singular vectors
of the positive pointwise mutual information of the words in a window of 5 words (Levy et al. 2015, Improving
Distributional Similarity with Lessons Learned from Word Embeddings: the singular values have the exponent 1/2). The
20,000 most frequent words have a vector.
"""

import sys
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from jnl.data.sources import news

WINDOW, WIDTH = 5, 300


def word_vectors(posts: np.ndarray, size: int) -> np.ndarray:
    """Return a vector for each id: texts as ids i32[N, T] -> f32[size, 300]. The ids 0 and 1 stand for no word."""
    counts = sparse.csr_matrix((size, size))
    for shift in range(1, WINDOW + 1):
        left, right = posts[:, :-shift].ravel(), posts[:, shift:].ravel()
        words = (left > 1) & (right > 1)
        counts += sparse.coo_matrix((np.ones(words.sum()), (left[words], right[words])), counts.shape).tocsr()
    pairs = sparse.coo_matrix(counts + counts.T)
    of_word = np.asarray(pairs.sum(1)).ravel()
    information = np.log(pairs.data * pairs.data.sum() / (of_word[pairs.row] * of_word[pairs.col]))
    positive = sparse.csr_matrix((np.maximum(information, 0), (pairs.row, pairs.col)), pairs.shape)
    left, values, _ = randomized_svd(positive, WIDTH, random_state=0)
    return (left * np.sqrt(values)).astype(np.float32)


def main(arguments: Sequence[str]) -> None:
    """Write the file."""
    folder, out = arguments
    dataset = news.load(folder)
    words = dataset.preparation.words
    vectors = word_vectors(np.asarray(dataset.train.inputs), len(words) + 2)[2:]
    # As the vectors of a new embedding layer of NewsNet, whose numbers have the mean square 1.
    vectors *= np.sqrt(WIDTH) / np.linalg.norm(vectors, axis=1, keepdims=True)
    with open(out, "w", encoding="utf-8") as file:
        for word, vector in zip(words, vectors, strict=True):
            print(word, *(f"{number:.5f}" for number in vector), file=file)


if __name__ == "__main__":
    main(sys.argv[1:])
