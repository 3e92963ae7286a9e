"""The 7-layer CNN of JoCoR (CIFAR-10, CIFAR-100) and Co-teaching+ (CIFAR-100): 518,150 parameters for 10 classes.

It has three blocks with 64-64, 128-128 and 196-16 channels; each block is twice [3x3 convolution, batch norm, ReLU],
then a 2x2 pool. The last layer follows.
"""

from flax import linen as nn
from jax import Array

from jnl.models._layers import BatchNorm, Conv, flatten, last_layer, max_pool


class CNN7(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int
    dropout: float
    bn_scale_init: str

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        def normalized(x: Array, features: int) -> Array:
            return BatchNorm(self.bn_scale_init)(Conv(features, padding=1, before_norm=True)(x), train)

        for first, second in ((64, 64), (128, 128), (196, 16)):
            x = nn.relu(normalized(x, first))
            x = nn.relu(max_pool(normalized(x, second)))  # the same as the pool of the ReLU, and less work
        return last_layer(self, flatten(x), self.num_classes, train, self.dropout)


def cnn7(num_classes: int, dropout: float = 0.0, bn_scale_init: str = "ones") -> nn.Module:
    """Create the network.

    Args:
      num_classes: C.
      dropout: dropout rate before the last layer.
      bn_scale_init: initializer of the scales of batch norm, `ones` or `uniform`; the published runs had `uniform`.
    """
    return CNN7(num_classes, dropout, bn_scale_init)
