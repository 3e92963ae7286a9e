"""Residual networks of 6 n + 2 layers with pre-activation (He et al. 2016, "Identity Mappings"), for 32x32 images.

Loss correction trains them with 14, 32 and 44 layers: 175,626, 467,946 and 662,826 parameters for 10 classes. Symmetric
cross entropy uses 44 layers for CIFAR-100: 668,676 parameters for 100 classes. As in the published code, a shortcut to
more channels starts before batch norm and ReLU, and every convolution has a bias, in the shortcuts too.
"""

from flax import linen as nn
from jax import Array

from jnl.models._keras import KerasBatchNorm, KerasConv, KerasDense, pad_same
from jnl.models._layers import last_layer
from jnl.support.errors import UserError


class PreActivatedBlock(nn.Module):
    """A block of twice [batch norm, ReLU, 3x3 convolution].

    f32[B, H, W, c] -> f32[B, H / stride, W / stride, features].
    The first block of the network follows a batch norm and ReLU, so it has none before its first convolution.
    """

    features: int
    stride: int
    first: bool  # whether it is the first block of the network

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        y = x if self.first else nn.relu(KerasBatchNorm()(x, train))
        y = KerasConv(self.features, stride=self.stride)(pad_same(y, 3, self.stride))
        y = KerasConv(self.features, padding=1)(nn.relu(KerasBatchNorm()(y, train)))
        if x.shape[-1] != self.features:
            x = KerasConv(self.features, size=1, stride=self.stride)(x)
        return x + y


class PreActivatedResNet(nn.Module):
    """The network: f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int
    blocks: int  # number of blocks in each of the three stages
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        x = nn.relu(KerasBatchNorm()(KerasConv(16, padding=1)(x), train))
        for stage in range(3):
            for position in range(self.blocks):
                stride = 2 if stage and not position else 1
                x = PreActivatedBlock(16 * 2**stage, stride, first=not stage and not position)(x, train)
        x = nn.relu(KerasBatchNorm()(x, train)).mean((1, 2))
        return last_layer(self, x, self.num_classes, train, self.dropout, KerasDense)


def preact_resnet(num_classes: int, depth: int = 14, dropout: float = 0.0) -> nn.Module:
    """Create the network with `depth` = 6 n + 2 layers; `dropout` is the dropout rate before the last layer."""
    if not 8 <= depth <= 2000 or depth % 6 != 2:
        raise UserError(f"model.depth: {depth}; give 6 n + 2; published values are 14, 32 and 44")
    return PreActivatedResNet(num_classes, depth // 6, dropout)
