"""The small CNN of Co-teaching+ (CIFAR-10): 62,006 parameters, without batch norm or dropout."""

from flax import linen as nn
from jax import Array

from jnl.models._layers import Conv, Dense, flatten, last_layer, max_pool


class CNNSmall(nn.Module):
    """f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for features in (6, 16):
            x = max_pool(nn.relu(Conv(features, size=5)(x)))
        x = flatten(x)
        for width in (120, 84):
            x = nn.relu(Dense(width)(x))
        return last_layer(self, x, self.num_classes, train, self.dropout)


def cnn_small(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """`dropout` before the last layer."""
    return CNNSmall(num_classes, dropout)
