"""The two-layer MLP of Co-teaching+ and JoCoR on MNIST: D - 256 - ReLU - C (203,530 parameters for 784 and 10)."""

from flax import linen as nn
from jax import Array

from jnl.errors import UserError
from jnl.models._layers import Dense, flatten


class MLP(nn.Module):
    """f32[B, ...] -> f32[B, C]."""

    num_classes: int
    width: int

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        return Dense(self.num_classes)(nn.relu(Dense(self.width)(flatten(x))))


def mlp(num_classes: int, width: int = 256) -> nn.Module:
    """`width` hidden units."""
    if width < 1:
        raise UserError(f"model.width: {width}; give at least 1, the published value is 256")
    return MLP(num_classes, width)
