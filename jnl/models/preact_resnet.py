"""Residual networks of 6 n + 2 layers with pre-activation (He et al. 2016, "Identity Mappings"), for 32x32 images.

Loss correction trains them with 14, 32 and 44 layers, symmetric cross entropy with 44 (CIFAR-100): 175,626, 467,946 and
662,826 parameters for 10 classes, with 44 layers 668,676 for 100. As in that code the shortcut to more channels starts
before batch norm and ReLU, and all convolutions have biases, in the shortcuts too.
"""

from flax import linen as nn
from jax import Array

from jnl.core.errors import UserError
from jnl.models._keras import KerasBatchNorm, KerasConv, KerasDense, pad_same
from jnl.models._layers import last_layer


class PreActivatedBlock(nn.Module):
    """Twice [batch norm, ReLU, 3x3 convolution]: f32[B, H, W, c] -> f32[B, H / stride, W / stride, features]."""

    features: int
    stride: int
    first: bool  # of the network: it comes after norm and ReLU, and has no others before its first convolution

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        y = x if self.first else nn.relu(KerasBatchNorm()(x, train))
        y = KerasConv(self.features, stride=self.stride)(pad_same(y, 3, self.stride))
        y = KerasConv(self.features, padding=1)(nn.relu(KerasBatchNorm()(y, train)))
        if x.shape[-1] != self.features:
            x = KerasConv(self.features, size=1, stride=self.stride)(x)
        return x + y


class PreActivatedResNet(nn.Module):
    """f32[B, H, W, channels] -> f32[B, C]."""

    num_classes: int
    blocks: int  # in each of the three stages
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
    """`depth` is 6 n + 2 layers; `dropout` before the last one."""
    if not 8 <= depth <= 2000 or depth % 6 != 2:
        raise UserError(f"model.depth: {depth}; give 6 n + 2, published are 14, 32 and 44")
    return PreActivatedResNet(num_classes, depth // 6, dropout)
