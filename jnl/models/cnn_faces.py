"""A small network for faces on CPUs, designed for jnl: 23,538 parameters for gray images and 2 classes.

It has three blocks [3x3 convolution, batch norm, ReLU, 2x2 pool] with 16, 32 and 64 channels, the mean over the map,
and the last layer.
"""

from flax import linen as nn
from jax import Array

from jnl.models._layers import BatchNorm, Conv, last_layer, max_pool


class CNNFaces(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]; H and W are at least 8."""

    num_classes: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for features in (16, 32, 64):
            x = nn.relu(max_pool(BatchNorm()(Conv(features, padding=1, bias=False)(x), train)))
        return last_layer(self, x.mean((1, 2)), self.num_classes, train, self.dropout)


def cnn_faces(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return CNNFaces(num_classes, dropout)
