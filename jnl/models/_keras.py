"""Layers with the defaults of Keras, for networks whose published code uses Keras.

Kernels start from `he_normal` (He et al. 2015, a truncated normal distribution), as in that code, and biases from 0.
Departure: flax uses the biased variance in its running average.
"""

from functools import partial

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from jnl.models._layers import BatchNorm, Conv, Dense, flatten, last_layer, max_pool

KerasConv = partial(Conv, kernel_init=nn.initializers.he_normal(), bias_init=nn.initializers.zeros)
KerasDense = partial(Dense, kernel_init=nn.initializers.he_normal(), bias_init=nn.initializers.zeros)
KerasBatchNorm = partial(BatchNorm, momentum=0.99, epsilon=1e-3)


class KerasCNN(nn.Module):
    """A network of convolution blocks and a dense hidden layer: f32[B, H, W, channels] -> f32[B, C].

    A block has 3x3 convolutions and a 2x2 pool. Batch norm and ReLU follow each layer except the last one.
    """

    num_classes: int
    blocks: tuple[tuple[int, ...], ...]  # number of channels of each convolution in each block
    width: int  # number of units of the hidden layer
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for block in self.blocks:
            for features in block:
                x = nn.relu(KerasBatchNorm()(KerasConv(features, padding=1, before_norm=True)(x), train))
            x = max_pool(x)
        x = nn.relu(KerasBatchNorm()(KerasDense(self.width)(flatten(x)), train))
        return last_layer(self, x, self.num_classes, train, self.dropout, KerasDense)


def pad_same(x: Array, size: int, stride: int) -> Array:
    """Pad f32[B, H, W, c] with zeros so that a convolution gives ceil(side / stride) outputs.

    If the number of zeros is odd, the extra one goes below or to the right.
    """
    sides = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[1:3]]
    return jnp.pad(x, ((0, 0), *((whole // 2, whole - whole // 2) for whole in sides), (0, 0)))
