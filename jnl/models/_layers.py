"""Layers with the defaults of PyTorch, on which the published numbers depend.

Weights and biases start from U(-1/sqrt(fan_in), 1/sqrt(fan_in)) unless another initializer is given.
"""

from collections.abc import Callable
from functools import reduce

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import Array, lax
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike

from jnl.ops.batch_norm import batch_norm, normalize
from jnl.ops.convolution import convolve
from jnl.support.errors import UserError, unknown, within

uniform_fan_in = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")  # its limit is 1/sqrt(fan_in)


def _bias_init(fan_in: int) -> Callable[[Array, tuple[int, ...]], Array]:
    """Return the initializer U(-1/sqrt(fan_in), 1/sqrt(fan_in))."""

    def init(key: Array, shape: tuple[int, ...], dtype: DTypeLike = jnp.float32) -> Array:
        return jax.random.uniform(key, shape, dtype, -1.0, 1.0) / jnp.sqrt(jnp.float32(fan_in))

    return init


class Dense(nn.Module):
    """The dense layer x W^T + b: f32[B, D] -> f32[B, features].

    The kernel has the shape [features, D]. So the K kernels that share a batch form one matrix [K features, D] without
    a copy, and so do their gradients.
    """

    features: int
    kernel_init: Initializer = uniform_fan_in
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        fan_in = x.shape[-1]
        kernel = self.param("kernel", lambda key: self.kernel_init(key, (fan_in, self.features)).T)
        bias = self.param("bias", self.bias_init or _bias_init(fan_in), (self.features,))
        return lax.dot_general(kernel, x, (((1,), (1,)), ((), ()))).T + bias[None]


class Conv(nn.Module):
    """A convolution layer: f32[B, H, W, channels] -> f32[B, H', W', features]. See `convolve` for H' and W'.

    Departure: if batch norm follows, which subtracts the bias again, the gradient of the bias is 0. In PyTorch it is a
    rounding error, which Adam divides by its own size, so that the bias wanders without effect. Leaving it out saves a
    pass over the activations.
    """

    features: int
    size: int = 3
    padding: int = 0
    stride: int = 1
    bias: bool = True
    kernel_init: Initializer = uniform_fan_in
    bias_init: Initializer | None = None
    before_norm: bool = False  # whether batch norm follows

    @nn.compact
    def __call__(self, x: Array) -> Array:
        _check_size(x, self.size - 2 * self.padding)
        channels = x.shape[-1]
        kernel = self.param("kernel", self.kernel_init, (self.size, self.size, channels, self.features))
        y = convolve(x, kernel, self.padding, self.stride)
        if not self.bias:
            return y
        bias = self.param("bias", self.bias_init or _bias_init(self.size * self.size * channels), (self.features,))
        return y + (lax.stop_gradient(bias) if self.before_norm else bias).reshape(1, 1, 1, -1)


class BatchNorm(nn.Module):
    """Batch normalization. The defaults are PyTorch's: epsilon 1e-5, and momentum 0.1, which flax calls 0.9.

    `scale_init` is `ones` or `uniform`. `uniform` on [0, 1) is the default of the PyTorch versions before 1.2, which
    gave the published numbers. Departure: flax uses the biased variance in its running average, which is 1 - 1/(B H W)
    times the unbiased one.
    """

    scale_init: str = "ones"
    momentum: float = 0.9
    epsilon: float = 1e-5

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        inits = {"ones": nn.initializers.ones, "uniform": nn.initializers.uniform(1.0)}
        if self.scale_init not in inits:
            raise unknown("model.bn_scale_init", self.scale_init, sorted(inits))
        return _Norm(inits[self.scale_init], self.momentum, self.epsilon, name="BatchNorm_0")(x, train)


class _Norm(nn.Module):
    """Batch normalization. Its variables have the same names and first values as in `flax.linen.BatchNorm`."""

    scale_init: Initializer
    momentum: float
    epsilon: float

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        shape = x.shape[-1:]
        mean = self.variable("batch_stats", "mean", jnp.zeros, shape)
        var = self.variable("batch_stats", "var", jnp.ones, shape)
        scale, bias = self.param("scale", self.scale_init, shape), self.param("bias", nn.initializers.zeros, shape)
        if not train:
            return normalize(x, mean.value, var.value, scale, bias, self.epsilon)
        y, *now = batch_norm(x, scale, bias, self.epsilon)
        if not self.is_initializing():
            for average, value in zip((mean, var), now, strict=True):
                average.value = self.momentum * average.value + (1 - self.momentum) * value
        return y


def last_layer(
    module: nn.Module,
    x: Array,
    num_classes: int,
    train: bool,
    dropout: float = 0.0,
    dense: Callable[[int], nn.Module] = Dense,
) -> Array:
    """Apply dropout and the last layer, and record the input of this layer for the strategies that need features.

    Args:
      module: the network, which records the features f32[B, D].
      x: f32[B, D].
      num_classes: C.
      train: whether dropout is active.
      dropout: share of the features that dropout sets to 0, 0 to 0.999.
      dense: (number of units) -> the last layer.

    Returns:
      Logits f32[B, C].
    """
    within("model.dropout", dropout, 0, 0.999, "0 means none")
    x = nn.Dropout(dropout)(x, deterministic=not train)
    module.sow("intermediates", "features", x)
    return dense(num_classes)(x)


def max_pool(x: Array) -> Array:
    """Return the maximum of each 2x2 block, without odd edges: f32[B, H, W, c] -> f32[B, H // 2, W // 2, c].

    The function compares rows, then columns, because the gradient of a windowed reduction is slow on CPU. A reduction
    over both axes of a block is slower, too, and its gradient divides by the number of values that equal the maximum.
    The compiler may compute these values again and round them differently, and then the number is 0.
    """
    _check_size(x, 2)
    batch, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2].reshape(batch, height // 2, 2, width // 2, 2, channels)
    x = jnp.maximum(x[:, :, 0], x[:, :, 1])
    return jnp.maximum(x[:, :, :, 0], x[:, :, :, 1])


def max_pool_overlapping(x: Array, padding: int = 0) -> Array:
    """Return the maximum of 3x3 blocks with stride 2: f32[B, H, W, c] -> f32[B, (H + 2 padding - 1) // 2, ..., c].

    The function takes the maximum of three shifted rows, then of three shifted columns, because the gradient of a
    windowed reduction is slow on CPU.
    """
    _check_size(x, 3 - 2 * padding)
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=-jnp.inf)
    for axis in (1, 2):
        last = x.shape[axis] - 2
        x = reduce(jnp.maximum, [lax.slice_in_dim(x, i, last + i, 2, axis) for i in range(3)])
    return x


def _check_size(x: Array, smallest: int) -> None:
    """Raise `UserError` if the inputs are not images whose sides have at least `smallest` pixels."""
    if x.ndim != 4:
        raise UserError(
            "model.name: this network takes images, but these inputs are not images; use mlp, or newsnet for texts"
        )
    if min(x.shape[1:3]) < smallest:
        raise UserError("model.name: the images are too small for this network; choose a smaller one, such as mlp")


def flatten(x: Array) -> Array:
    """Flatten all axes except the first: f32[B, ...] -> f32[B, D]."""
    return x.reshape(x.shape[0], -1)
