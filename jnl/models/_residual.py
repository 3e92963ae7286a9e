"""Residual networks for 32x32 images (He et al. 2016), as the code of this field has them: no bias in convolutions,
four stages of 64 to 512 channels, the mean over the first 4x4 of the last map.
"""

from flax import linen as nn
from jax import Array

from jnl.models._layers import BatchNorm, Conv, last_layer


class Block(nn.Module):
    """Two 3x3 convolutions, f32[B, H, W, c] -> f32[B, H / stride, W / stride, features]."""

    features: int
    stride: int

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        y = Conv(self.features, padding=1, stride=self.stride, bias=False)(x)
        y = nn.relu(BatchNorm()(y, train))
        y = BatchNorm()(Conv(self.features, padding=1, bias=False)(y), train)
        if x.shape != y.shape:
            x = BatchNorm()(Conv(self.features, size=1, stride=self.stride, bias=False)(x), train)
        return nn.relu(x + y)


class PreActBlock(nn.Module):
    """The same with batch norm and ReLU before each convolution; the shortcut starts after the first of them."""

    features: int
    stride: int

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        y = nn.relu(BatchNorm()(x, train))
        if self.stride > 1 or x.shape[-1] != self.features:
            x = Conv(self.features, size=1, stride=self.stride, bias=False)(y)
        y = Conv(self.features, padding=1, stride=self.stride, bias=False)(y)
        y = Conv(self.features, padding=1, bias=False)(nn.relu(BatchNorm()(y, train)))
        return x + y


class ResNet(nn.Module):
    """f32[B, H, W, channels] -> f32[B, C]; H and W at least 25."""

    num_classes: int
    block: type[Block] | type[PreActBlock]
    blocks: tuple[int, int, int, int]
    stem_norm: bool
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        x = Conv(64, padding=1, bias=False)(x)
        if self.stem_norm:
            x = nn.relu(BatchNorm()(x, train))
        for stage, number in enumerate(self.blocks):
            for position in range(number):
                x = self.block(64 * 2**stage, stride=2 if stage and not position else 1)(x, train)
        return last_layer(self, x[:, :4, :4].mean((1, 2)), self.num_classes, train, self.dropout)
