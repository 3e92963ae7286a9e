"""The network of peer loss on MNIST (weijiaheng/Multi-class-Peer-Loss-functions): 18,378 parameters.

It has two blocks [5x5 convolution, ReLU, 2x2 pool] with 16 and 32 channels, then the last layer. The published
`dropout` is 0.5.
"""

from flax import linen as nn
from jax import Array

from jnl.models._layers import Conv, flatten, last_layer, max_pool


class CNNPair(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for features in (16, 32):
            x = nn.relu(max_pool(Conv(features, size=5)(x)))
        return last_layer(self, flatten(x), self.num_classes, train, self.dropout)


def cnn_pair(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return CNNPair(num_classes, dropout)
