"""The average pooling of word vectors in NewsNet of Co-teaching+ (Yu et al. 2019).

A text of 1000 tokens is a row of 300,000 numbers: the vectors of its tokens, 300 numbers each. Its pooled form has the
means of 4,800 overlapping windows of 63 numbers, as torch.nn.AdaptiveAvgPool1d(4800) computes them. Five tokens fill
exactly 24 windows, and pooling is linear. So this file pools the vectors of the vocabulary first and looks up the
result for each token. The 300,000 numbers of a text are never built.
"""

import numpy as np

from jnl.support.errors import UserError

DIMENSIONS = 300  # length of the vector of a token
GROUP = 5  # number of tokens in a group; groups share no windows
WINDOWS = 24  # number of windows of a group


def windows(length: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and stops of the windows that pool `length` numbers adaptively to `outputs`: i64[outputs] each."""
    output = np.arange(outputs)
    return output * length // outputs, -(-(output + 1) * length // outputs)


def pooling(length: int) -> list[tuple[int, np.ndarray]]:
    """Return the pooling weights of each of the 5 places in a group.

    Args:
      length: number of tokens in a text.

    Returns:
      For each place, the first window that the token touches, and the weights f32[300, n] of its vector in the n
      windows that it touches; n is at most 6.

    Raises:
      UserError: `length` is not a multiple of 5.
    """
    if length % GROUP:
        raise UserError(
            f"model.name: newsnet needs texts whose length is a multiple of {GROUP} tokens, not {length}; pad them"
        )
    start, stop = windows(GROUP * DIMENSIONS, WINDOWS)
    position = np.arange(GROUP * DIMENSIONS)[:, None]
    shares = ((start <= position) & (position < stop)) / (stop - start)
    places = []
    for share in shares.reshape(GROUP, DIMENSIONS, WINDOWS).astype(np.float32):
        touched = np.flatnonzero(share.any(0))
        places.append((int(touched[0]), share[:, touched]))
    return places


def pool(vectors: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Return the pooled vectors of texts: f32[N, 4.8 T].

    Args:
      vectors: f32[V, 300], one vector for each word.
      tokens: integers [N, T] below V, one row for each text.

    Raises:
      UserError: T is not a multiple of 5.
    """
    texts, length = tokens.shape
    pooled = np.zeros((texts, length // GROUP, WINDOWS), np.float32)
    for place, (first, share) in enumerate(pooling(length)):
        pooled[..., first : first + share.shape[1]] += (vectors @ share)[tokens[:, place::GROUP]]
    return pooled.reshape(texts, -1)
