"""Layers with PyTorch's defaults, which the published numbers rest on.

Weights and biases start as U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import Array
from jax.typing import DTypeLike

from jnl.errors import UserError, unknown

_kernel_init = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")  # its limit is 1/sqrt(fan_in)


def _bias_init(fan_in: int) -> Callable[[Array, tuple[int, ...]], Array]:
    def init(key: Array, shape: tuple[int, ...], dtype: DTypeLike = jnp.float32) -> Array:
        return jax.random.uniform(key, shape, dtype, -1.0, 1.0) / jnp.sqrt(jnp.float32(fan_in))

    return init


class Dense(nn.Module):
    """x W + b: f32[B, D] -> f32[B, features]."""

    features: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        fan_in = x.shape[-1]
        return nn.Dense(self.features, kernel_init=_kernel_init, bias_init=_bias_init(fan_in))(x)


class Conv(nn.Module):
    """A stride-1 convolution: f32[B, H, W, channels] -> f32[B, H', W', features].

    Written as shifted slices and one matrix product: a native convolution becomes a grouped one under vmap over
    networks and loses its threads inside a loop on CPU; this one stays a (batched) matrix product in both.
    """

    features: int
    size: int = 3
    padding: int = 0

    @nn.compact
    def __call__(self, x: Array) -> Array:
        channels, edge = x.shape[-1], (self.padding, self.padding)
        shape = (self.size, self.size, channels, self.features)
        kernel = self.param("kernel", _kernel_init, shape)
        bias = self.param("bias", _bias_init(self.size * self.size * channels), (self.features,))
        x = jnp.pad(x, ((0, 0), edge, edge, (0, 0)))
        height, width = x.shape[1] - self.size + 1, x.shape[2] - self.size + 1
        if height < 1 or width < 1:
            raise UserError("model.name: the images are too small for this network; choose a smaller one, such as mlp")
        shifts = [(i, j) for i in range(self.size) for j in range(self.size)]
        patches = jnp.concatenate([x[:, i : i + height, j : j + width] for i, j in shifts], -1)
        return patches @ kernel.reshape(-1, self.features) + bias.reshape(1, 1, 1, -1)


class BatchNorm(nn.Module):
    """Batch normalisation with PyTorch's epsilon 1e-5 and momentum 0.1 (0.9 in flax's terms).

    `scale_init` is `ones`, or `uniform` on [0, 1): the default of the PyTorch versions behind the published numbers
    (before 1.2). Departure: flax's running variance is the biased one, which differs by a factor 1 - 1/(B H W).
    """

    scale_init: str = "ones"

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        inits = {"ones": nn.initializers.ones, "uniform": nn.initializers.uniform(1.0)}
        if self.scale_init not in inits:
            raise unknown("model.bn_scale_init", self.scale_init, sorted(inits))
        norm = nn.BatchNorm(momentum=0.9, epsilon=1e-5, scale_init=inits[self.scale_init])
        return norm(x, use_running_average=not train)


def max_pool(x: Array) -> Array:
    """The maximum of each 2x2 block, odd edges dropped: f32[B, H, W, c] -> f32[B, H // 2, W // 2, c].

    By reshape: the gradient of a windowed reduction is slow on CPU.
    """
    batch, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    return x.reshape(batch, height // 2, 2, width // 2, 2, channels).max((2, 4))


def flatten(x: Array) -> Array:
    """f32[B, ...] -> f32[B, D]."""
    return x.reshape(x.shape[0], -1)
