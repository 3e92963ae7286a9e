"""Residual networks (He et al. 2016) with four stages of 64 to 512 channels and no bias in convolutions.

`ResNet` is for 32x32 images, as in the code of the papers on noisy labels: its features are the mean over the last map,
which has 4x4 pixels there. Without a norm after the first convolution, as in the code of Co-teaching+ for Tiny
ImageNet, they are the mean over the first 4x4 pixels of the map, as in that code. `ImageNetResNet` is for large images,
as in torchvision.
"""

from collections.abc import Callable
from functools import partial

from flax import linen as nn
from jax import Array
from jax.nn.initializers import Initializer

from jnl.models._layers import BatchNorm, Conv, last_layer, max_pool_overlapping, uniform_fan_in

_normal_fan_out = nn.initializers.variance_scaling(2.0, "fan_out", "normal")


class Block(nn.Module):
    """A block of two 3x3 convolutions: f32[B, H, W, c] -> f32[B, H / stride, W / stride, features]."""

    features: int
    stride: int
    kernel_init: Initializer = uniform_fan_in

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        convolution = partial(Conv, bias=False, kernel_init=self.kernel_init)
        y = convolution(self.features, padding=1, stride=self.stride)(x)
        y = nn.relu(BatchNorm()(y, train))
        y = BatchNorm()(convolution(self.features, padding=1)(y), train)
        if x.shape != y.shape:
            x = BatchNorm()(convolution(self.features, size=1, stride=self.stride)(x), train)
        return nn.relu(x + y)


class Bottleneck(nn.Module):
    """A block of a 1x1, a 3x3 and a 1x1 convolution: f32[B, H, W, c] -> f32[B, H / stride, W / stride, 4 features].

    The 3x3 convolution has the stride, as in torchvision. In the paper the first convolution has it.
    """

    features: int
    stride: int
    kernel_init: Initializer = uniform_fan_in

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        convolution = partial(Conv, bias=False, kernel_init=self.kernel_init)
        y = nn.relu(BatchNorm()(convolution(self.features, size=1)(x), train))
        y = nn.relu(BatchNorm()(convolution(self.features, padding=1, stride=self.stride)(y), train))
        y = BatchNorm()(convolution(4 * self.features, size=1)(y), train)
        if x.shape != y.shape:
            x = BatchNorm()(convolution(4 * self.features, size=1, stride=self.stride)(x), train)
        return nn.relu(x + y)


class PreActBlock(nn.Module):
    """A block of two 3x3 convolutions, with batch norm and ReLU before each: shapes as for `Block`.

    If the shapes differ, the shortcut is a 1x1 convolution that starts after the first batch norm and ReLU.
    """

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


def _stages(block: Callable[..., nn.Module], blocks: tuple[int, int, int, int], x: Array, train: bool) -> Array:
    """Apply the blocks of all four stages; the first block of stages 2 to 4 has stride 2."""
    for stage, number in enumerate(blocks):
        for position in range(number):
            x = block(64 * 2**stage, stride=2 if stage and not position else 1)(x, train)
    return x


class ResNet(nn.Module):
    """The residual network for small images: f32[B, H, W, channels] -> f32[B, C]; H and W are at least 25."""

    num_classes: int
    block: type[Block] | type[Bottleneck] | type[PreActBlock]
    blocks: tuple[int, int, int, int]
    stem_norm: bool
    dropout: float
    stem_padding: int = 1

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        x = Conv(64, padding=self.stem_padding, bias=False)(x)
        if self.stem_norm:
            x = nn.relu(BatchNorm()(x, train))
        x = _stages(self.block, self.blocks, x, train)
        if not self.stem_norm:
            x = x[:, :4, :4]
        return last_layer(self, x.mean((1, 2)), self.num_classes, train, self.dropout)


class ImageNetResNet(nn.Module):
    """The residual network for large images, made for 224x224 pixels: f32[B, H, W, channels] -> f32[B, C].

    Convolutions start from the normal distribution of He et al. 2015 (fan out).
    """

    num_classes: int
    block: type[Block] | type[Bottleneck]
    blocks: tuple[int, int, int, int]
    dropout: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        x = Conv(64, size=7, padding=3, stride=2, bias=False, kernel_init=_normal_fan_out)(x)
        x = max_pool_overlapping(nn.relu(BatchNorm()(x, train)), padding=1)
        x = _stages(partial(self.block, kernel_init=_normal_fan_out), self.blocks, x, train)
        return last_layer(self, x.mean((1, 2)), self.num_classes, train, self.dropout)
