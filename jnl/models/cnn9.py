"""The 9-layer CNN of Co-teaching (all its data sets): 4,434,570 parameters for 3 channels and 10 classes.

The published dropout of 0.25 had no effect in the PyTorch versions of that time (functional dropout without a training
flag), so the default here is 0. `dropout=0.25` drops whole channels during training.
"""

from flax import linen as nn
from jax import Array

from jnl.models._layers import BatchNorm, Conv, last_layer, max_pool
from jnl.support.errors import within


class CNN9(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]; H and W are at least 28."""

    num_classes: int
    dropout: float
    bn_scale_init: str

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        def block(x: Array, features: int, padding: int) -> Array:
            x = BatchNorm(self.bn_scale_init)(Conv(features, padding=padding, before_norm=True)(x), train)
            return nn.leaky_relu(x, 0.01)

        for width in (128, 256):
            for _ in range(3):
                x = block(x, width, padding=1)
            x = nn.Dropout(self.dropout, broadcast_dims=(1, 2))(max_pool(x), deterministic=not train)
        for width in (512, 256, 128):
            x = block(x, width, padding=0)
        return last_layer(self, x.mean((1, 2)), self.num_classes, train)


def cnn9(num_classes: int, dropout: float = 0.0, bn_scale_init: str = "ones") -> nn.Module:
    """Create the network.

    Args:
      num_classes: C.
      dropout: dropout rate of channels after each of the two pools.
      bn_scale_init: initializer of the scales of batch norm, `ones` or `uniform`; the published runs had `uniform`.
    """
    within("model.dropout", dropout, 0, 0.999, "published: 0.25, which had no effect")
    return CNN9(num_classes, dropout, bn_scale_init)
