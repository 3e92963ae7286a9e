"""Layers with Keras' defaults, for networks whose published code is written in it.

Kernels start by `he_normal` (He et al. 2015, a truncated normal distribution), as that code asks for, and biases at 0.
Departure: flax's running variance is the biased one.
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
    """Blocks of 3x3 convolutions and a 2x2 pool each, then a dense layer: f32[B, H, W, channels] -> f32[B, C].

    Batch norm and ReLU follow each of the layers but the last.
    """

    num_classes: int
    blocks: tuple[tuple[int, ...], ...]  # the channels of each convolution
    width: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for block in self.blocks:
            for features in block:
                x = nn.relu(KerasBatchNorm()(KerasConv(features, padding=1)(x), train))
            x = max_pool(x)
        x = nn.relu(KerasBatchNorm()(KerasDense(self.width)(flatten(x)), train))
        return last_layer(self, x, self.num_classes, train, self.dropout, KerasDense)


def pad_same(x: Array, size: int, stride: int) -> Array:
    """Zeros around f32[B, H, W, c] so that a convolution gives ceil(side / stride); an odd one is below and right."""
    sides = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[1:3]]
    return jnp.pad(x, ((0, 0), *((whole // 2, whole - whole // 2) for whole in sides), (0, 0)))
