"""NewsNet of Co-teaching+ (Yu et al. 2019) on 20 Newsgroups: 6,126,607 parameters for 7 classes, without an embedding.

The network pools the vectors of a text (`data/readers/word_pooling.py`), one after the other; a text of 1000 tokens
gives 4,800 numbers. Two blocks [dense layer, batch norm, softsign] with 1200 and 300 units and the last layer follow.
"""

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import Array

from jnl.data.readers import word_pooling
from jnl.models._layers import BatchNorm, Dense, flatten, last_layer
from jnl.support.errors import UserError


class PooledEmbedding(nn.Module):
    """An embedding layer with pooled vectors: tokens i32[B, T] -> f32[B, 4.8 T].

    All vectors start from N(0, 1), also the vector of the padding token 0.
    """

    vocabulary: int

    @nn.compact
    def __call__(self, tokens: Array) -> Array:
        if self.vocabulary < 1:
            raise UserError(f"model.vocabulary: {self.vocabulary}; give the number of different tokens")
        vectors = self.param("embedding", nn.initializers.normal(1.0), (self.vocabulary, word_pooling.DIMENSIONS))
        places = word_pooling.pooling(tokens.shape[1])
        stops = np.cumsum([share.shape[1] for _, share in places])
        tables = jnp.split(vectors @ np.concatenate([share for _, share in places], 1), stops[:-1], 1)
        pooled = jnp.zeros((len(tokens), tokens.shape[1] // word_pooling.GROUP, word_pooling.WINDOWS))
        for place, ((first, share), table) in enumerate(zip(places, tables, strict=True)):
            after = word_pooling.WINDOWS - first - share.shape[1]
            pooled += jnp.pad(table[tokens[:, place :: word_pooling.GROUP]], ((0, 0), (0, 0), (first, after)))
        return flatten(pooled)


class NewsNet(nn.Module):
    """The network: tokens i32[B, T] or pooled vectors f32[B, D] -> f32[B, C]."""

    num_classes: int
    vocabulary: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        if x.ndim != 2:
            raise UserError(
                "model.name: newsnet takes texts, but these inputs are images; use another network, such as cnn7"
            )
        if jnp.issubdtype(x.dtype, jnp.integer):
            x = PooledEmbedding(self.vocabulary)(x)
        for width in (1200, 300):
            x = nn.soft_sign(BatchNorm()(Dense(width)(x), train))
        return last_layer(self, x, self.num_classes, train, self.dropout)


def newsnet(num_classes: int, vocabulary: int = 0, dropout: float = 0.0) -> nn.Module:
    """Create the network.

    Args:
      num_classes: C.
      vocabulary: number of different tokens, for inputs i32[B, T]; not needed for inputs f32[B, D], which are pooled
        from fixed vectors.
      dropout: dropout rate before the last layer.
    """
    return NewsNet(num_classes, vocabulary, dropout)
