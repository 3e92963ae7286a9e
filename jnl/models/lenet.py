"""The LeNet of CDR on 28x28 gray images: 61,706 parameters, without batch norm, and by default without dropout."""

from flax import linen as nn
from jax import Array

from jnl.models._layers import Conv, Dense, flatten, last_layer, max_pool


class LeNet(nn.Module):
    """A network of two convolution blocks and two dense hidden layers: f32[B, H, W, channels] -> f32[B, C].

    A block is [5x5 convolution, ReLU, 2x2 pool], with 6 and 16 channels. The hidden layers have 120 and 84 units.
    """

    num_classes: int
    padding: int  # padding of the first convolution
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for features, padding in ((6, self.padding), (16, 0)):
            x = nn.relu(max_pool(Conv(features, size=5, padding=padding)(x)))
        x = flatten(x)
        for width in (120, 84):
            x = nn.relu(Dense(width)(x))
        return last_layer(self, x, self.num_classes, train, self.dropout)


def lenet(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return LeNet(num_classes, 2, dropout)
