"""The small CNN of Co-teaching+ (CIFAR-10): 62,006 parameters, without batch norm or dropout."""

from flax import linen as nn
from jax import Array

from jnl.models._layers import Conv, Dense, flatten, max_pool


class CNNSmall(nn.Module):
    """f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for features in (6, 16):
            x = max_pool(nn.relu(Conv(features, size=5)(x)))
        x = flatten(x)
        for width in (120, 84):
            x = nn.relu(Dense(width)(x))
        return Dense(self.num_classes)(x)


def cnn_small(num_classes: int) -> nn.Module:
    """No options."""
    return CNNSmall(num_classes)
