"""The face network of Levi & Hassner 2015, "Age and Gender Classification using Convolutional Neural Networks".

Decoupling (Malach & Shalev-Shwartz 2017) uses it for gender on LFW: 8,856,066 parameters for 227x227x3 inputs and 2
classes.
"""

from functools import partial

import numpy as np
from flax import linen as nn
from jax import Array

from jnl.models._layers import Conv, Dense, flatten, last_layer, max_pool_overlapping

_of_convolutions, _of_hidden = nn.initializers.normal(0.01), nn.initializers.normal(0.005)
_zeros, _ones = nn.initializers.zeros, nn.initializers.ones


def local_response_normalization(x: Array) -> Array:
    """Divide by the local response of up to 5 channels on each side: f32[B, H, W, c] -> f32[B, H, W, c].

    The constant 1e-4 is not divided by the number of channels.
    """
    channel = np.arange(x.shape[-1])
    near = np.abs(channel[:, None] - channel) <= 5
    return x / (1 + 1e-4 * (x**2 @ near.astype(np.float32))) ** 0.75


class LeviHassner(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]; H and W are at least 63."""

    num_classes: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        convolution = partial(Conv, kernel_init=_of_convolutions)
        x = nn.relu(convolution(96, size=7, stride=4, bias_init=_zeros)(x))
        x = local_response_normalization(max_pool_overlapping(x))
        x = nn.relu(convolution(256, size=5, padding=2, bias_init=_ones)(x))
        x = local_response_normalization(max_pool_overlapping(x))
        x = nn.relu(convolution(384, padding=1, bias_init=_zeros)(x))
        x = flatten(max_pool_overlapping(x))
        hidden = partial(Dense, 512, kernel_init=_of_hidden, bias_init=_ones)
        x = nn.Dropout(self.dropout)(nn.relu(hidden()(x)), deterministic=not train)
        last = partial(Dense, kernel_init=_of_convolutions, bias_init=_zeros)
        return last_layer(self, nn.relu(hidden()(x)), self.num_classes, train, self.dropout, last)


def levi_hassner(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate after both hidden layers."""
    return LeviHassner(num_classes, dropout)
