"""NewsNet of Co-teaching+ (Yu et al. 2019) on 20 Newsgroups: 6,126,607 parameters for 7 classes, without an embedding.

The vectors of a text (`data/readers/text.py`), one after the other, are pooled to 4,800 numbers for a text of 1000
tokens; then twice [dense layer, batch norm, softsign], with 1200 and 300 units, and a last layer.
"""

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import Array

from jnl.core.errors import UserError
from jnl.data.readers import text
from jnl.models._layers import BatchNorm, Dense, flatten, last_layer


class PooledEmbedding(nn.Module):
    """The pooled vectors of tokens: i32[B, T] -> f32[B, 4.8 T]. Vectors start as N(0, 1), that of padding (0) too."""

    vocabulary: int

    @nn.compact
    def __call__(self, tokens: Array) -> Array:
        if self.vocabulary < 1:
            raise UserError(f"model.vocabulary: {self.vocabulary}; give the number of different tokens")
        vectors = self.param("embedding", nn.initializers.normal(1.0), (self.vocabulary, text.DIMENSIONS))
        places = text.pooling(tokens.shape[1])
        stops = np.cumsum([share.shape[1] for _, share in places])
        tables = jnp.split(vectors @ np.concatenate([share for _, share in places], 1), stops[:-1], 1)
        pooled = jnp.zeros((len(tokens), tokens.shape[1] // text.GROUP, text.WINDOWS))
        for place, ((first, share), table) in enumerate(zip(places, tables, strict=True)):
            after = text.WINDOWS - first - share.shape[1]
            pooled += jnp.pad(table[tokens[:, place :: text.GROUP]], ((0, 0), (0, 0), (first, after)))
        return flatten(pooled)


class NewsNet(nn.Module):
    """i32[B, T] tokens or f32[B, D] pooled vectors -> f32[B, C]."""

    num_classes: int
    vocabulary: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        if x.ndim != 2:
            raise UserError("model.name: newsnet takes texts, these inputs are images; use another, such as cnn7")
        if jnp.issubdtype(x.dtype, jnp.integer):
            x = PooledEmbedding(self.vocabulary)(x)
        for width in (1200, 300):
            x = nn.soft_sign(BatchNorm()(Dense(width)(x), train))
        return last_layer(self, x, self.num_classes, train, self.dropout)


def newsnet(num_classes: int, vocabulary: int = 0, dropout: float = 0.0) -> nn.Module:
    """`vocabulary` is the number of different tokens, for inputs i32[B, T] whose vectors are learned; inputs f32[B, D]
    were pooled from fixed ones. `dropout` before the last layer.
    """
    return NewsNet(num_classes, vocabulary, dropout)
