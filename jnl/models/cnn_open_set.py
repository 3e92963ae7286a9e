"""The network of iterative open-set learning (CIFAR-10): 1,639,282 parameters, and 2,570 in the strategy's second head.

It has three blocks with 64, 128 and 196 channels; each block is twice [3x3 convolution, batch norm, ReLU], then a 2x2
pool. A linear layer of 256 features and the last layer follow.
"""

from flax import linen as nn
from jax import Array

from jnl.models._layers import BatchNorm, Conv, Dense, flatten, last_layer, max_pool


class CNNOpenSet(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for width in (64, 128, 196):
            x = nn.relu(BatchNorm()(Conv(width, padding=1, before_norm=True)(x), train))
            x = BatchNorm()(Conv(width, padding=1, before_norm=True)(x), train)
            x = nn.relu(max_pool(x))  # the same as the pool of the ReLU, and less work
        return last_layer(self, Dense(256)(flatten(x)), self.num_classes, train, self.dropout)


def cnn_open_set(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return CNNOpenSet(num_classes, dropout)
