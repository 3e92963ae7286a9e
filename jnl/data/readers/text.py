"""Texts as tokens, and the average pooling through which NewsNet of Co-teaching+ (Yu et al. 2019) sees their vectors.

A text of 1000 tokens is 300,000 numbers, one vector of 300 after the other, and its pooled form the means of 4,800
overlapping windows of 63: torch.nn.AdaptiveAvgPool1d(4800). Five tokens are 24 windows exactly, and pooling is linear.
So the vectors of the vocabulary can be pooled before they are looked up: 300,000 numbers are never built.
"""

import numpy as np

from jnl.core.errors import UserError

DIMENSIONS = 300  # of a token's vector
GROUP = 5  # tokens whose windows are their own
WINDOWS = 24  # of a group


def windows(length: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each window of adaptive pooling starts and stops, i64[outputs] each: `length` numbers give `outputs`."""
    output = np.arange(outputs)
    return output * length // outputs, -(-(output + 1) * length // outputs)


def pooling(length: int) -> list[tuple[int, np.ndarray]]:
    """For each of the 5 places in a group: the first of the windows it is in, and its vector's share f32[300, n] of
    them, n at most 6.

    Raises:
      UserError: a `length` of texts that is not a number of whole groups.
    """
    if length % GROUP:
        raise UserError(f"model.name: newsnet takes texts of a multiple of {GROUP} tokens, not {length}; pad them")
    start, stop = windows(GROUP * DIMENSIONS, WINDOWS)
    position = np.arange(GROUP * DIMENSIONS)[:, None]
    shares = ((start <= position) & (position < stop)) / (stop - start)
    places = []
    for share in shares.reshape(GROUP, DIMENSIONS, WINDOWS).astype(np.float32):
        touched = np.flatnonzero(share.any(0))
        places.append((int(touched[0]), share[:, touched]))
    return places


def pool(vectors: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """The pooled vectors of texts: f32[V, 300], integers [N, T] below V -> f32[N, 4.8 T].

    Raises:
      UserError: T is not a multiple of 5.
    """
    texts, length = tokens.shape
    pooled = np.zeros((texts, length // GROUP, WINDOWS), np.float32)
    for place, (first, share) in enumerate(pooling(length)):
        pooled[..., first : first + share.shape[1]] += (vectors @ share)[tokens[:, place::GROUP]]
    return pooled.reshape(texts, -1)
