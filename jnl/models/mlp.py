"""The two-layer MLP of Co-teaching+ and JoCoR on MNIST: D - 256 - ReLU - C (203,530 parameters for 784 and 10)."""

from flax import linen as nn
from jax import Array

from jnl.errors import UserError
from jnl.models._layers import Dense, flatten, last_layer


class MLP(nn.Module):
    """f32[B, ...] -> f32[B, C]."""

    num_classes: int
    width: int
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        return last_layer(self, nn.relu(Dense(self.width)(flatten(x))), self.num_classes, train, self.dropout)


def mlp(num_classes: int, width: int = 256, dropout: float = 0.0) -> nn.Module:
    """`width` hidden units, of which a share `dropout` is left out while training."""
    if width < 1:
        raise UserError(f"model.width: {width}; give at least 1, the published value is 256")
    return MLP(num_classes, width, dropout)
