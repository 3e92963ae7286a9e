"""The two-layer MLP of Co-teaching+ and JoCoR on MNIST: D - 256 - ReLU - C (203,530 parameters for D = 784, C = 10).

Loss correction uses `width=128, layers=2, dropout=0.2, dropout_every_layer=True, he_normal=True` (118,282 parameters).
"""

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from jnl.models._keras import KerasDense
from jnl.models._layers import Dense, flatten, last_layer
from jnl.support.errors import UserError, whole_number, within


class MLP(nn.Module):
    """The network: f32[B, ...] -> f32[B, C]."""

    num_classes: int
    width: int
    dropout: float
    layers: int
    dropout_every_layer: bool
    he_normal: bool

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        if jnp.issubdtype(x.dtype, jnp.integer):
            raise UserError("model.name: mlp takes numbers, but these inputs are tokens; use newsnet")
        dense = KerasDense if self.he_normal else Dense
        x = flatten(x)
        for layer in range(self.layers):
            if layer and self.dropout_every_layer:
                x = nn.Dropout(self.dropout)(x, deterministic=not train)
            x = nn.relu(dense(self.width)(x))
        return last_layer(self, x, self.num_classes, train, self.dropout, dense)


def mlp(
    num_classes: int,
    width: int = 256,
    dropout: float = 0.0,
    layers: int = 1,
    dropout_every_layer: bool = False,
    he_normal: bool = False,
) -> nn.Module:
    """Create the network.

    Args:
      num_classes: C.
      width: number of units in each hidden layer.
      dropout: dropout rate after the last hidden layer.
      layers: number of hidden layers.
      dropout_every_layer: apply dropout after every hidden layer.
      he_normal: start kernels from `he_normal` and biases from 0, as in Keras, instead of as in PyTorch.
    """
    whole_number("model.width", width, 1)
    within("model.layers", whole_number("model.layers", layers, 1), 1, 1000, "the published value is 1")
    return MLP(num_classes, width, dropout, layers, dropout_every_layer, he_normal)
