"""The two-layer MLP of Co-teaching+ and JoCoR on MNIST: D - 256 - ReLU - C (203,530 parameters for 784 and 10)."""

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from jnl.errors import UserError, within
from jnl.models._layers import Dense, flatten, last_layer


class MLP(nn.Module):
    """f32[B, ...] -> f32[B, C]."""

    num_classes: int
    width: int
    dropout: float
    layers: int

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        if jnp.issubdtype(x.dtype, jnp.integer):
            raise UserError("model.name: mlp takes numbers, these inputs are tokens; use newsnet")
        x = flatten(x)
        for _ in range(self.layers):
            x = nn.relu(Dense(self.width)(x))
        return last_layer(self, x, self.num_classes, train, self.dropout)


def mlp(num_classes: int, width: int = 256, dropout: float = 0.0, layers: int = 1) -> nn.Module:
    """`layers` of `width` hidden units; of the last, a share `dropout` is left out while training."""
    if width < 1:
        raise UserError(f"model.width: {width}; give at least 1, the published value is 256")
    within("model.layers", layers, 1, 1000, "give at least 1, the published value")
    return MLP(num_classes, width, dropout, layers)
