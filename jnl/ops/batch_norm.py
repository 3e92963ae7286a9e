"""Batch normalization (Ioffe & Szegedy 2015) with its own gradient, which needs fewer passes over the activations.

Forward and backward with ReLU on one core, activations [2, 128, 32, 32, 64] took 70 ms, and 90 to 125 ms with
`flax.linen.BatchNorm`; activations [2, 128, 8, 8, 196] took 9 ms, and 18 to 25 ms.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array, lax


def normalize(x: Array, mean: Array, var: Array, scale: Array, bias: Array, epsilon: float) -> Array:
    """Normalize activations with given statistics.

    Args:
      x: [B, ..., C] activations.
      mean: f32[C] mean of each channel.
      var: f32[C] variance of each channel.
      scale: [C].
      bias: [C].
      epsilon: number that is added to the variance.

    Returns:
      The normalized activations [B, ..., C]. They are computed in float32 and converted to the common type of `x`,
      `scale` and `bias`.
    """
    mean, slope, bias = (_as_wide(x, value) for value in (mean, lax.rsqrt(var + epsilon) * scale, bias))
    y = (x - mean) * slope + bias
    return y.astype(jnp.result_type(x, scale, bias))


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def batch_norm(x: Array, scale: Array, bias: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """Normalize activations with the statistics of their batch.

    Args:
      x: [B, ..., C] activations.
      scale: [C].
      bias: [C].
      epsilon: number that is added to the variance.

    Returns:
      The normalized activations as from `normalize`; their mean f32[C] and biased variance f32[C] over all axes but the
      last, through which no gradient passes.
    """
    x32 = x.astype(jnp.float32)
    mean, square = _mean(x32), _mean(x32 * x32)
    var = jnp.maximum(0.0, square - mean * mean)
    return normalize(x, mean, var, scale, bias, epsilon), mean, var


_Saved = tuple[Array, Array, Array, Array, Array]  # x, scale, bias, mean, variance


def _forward(x: Array, scale: Array, bias: Array, epsilon: float) -> tuple[tuple[Array, Array, Array], _Saved]:
    """Return the result of `batch_norm`, and what `_backward` needs."""
    y, mean, var = batch_norm(x, scale, bias, epsilon)
    return (y, mean, var), (x, scale, bias, mean, var)


def _backward(epsilon: float, saved: _Saved, gradients: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """Return the gradients of x, scale and bias (Ioffe & Szegedy 2015, section 3)."""
    x, scale, bias, mean, var = saved
    gradient, number, wide = gradients[0].astype(jnp.float32), x.size // x.shape[-1], partial(_as_wide, x)
    slope = lax.rsqrt(var + epsilon)
    normal = (x - wide(mean)) * wide(slope)
    of_bias, of_scale = _mean(gradient), _mean(gradient * normal)
    of_x = wide(slope * scale) * (gradient - wide(of_bias) - normal * wide(of_scale))
    return of_x.astype(x.dtype), (of_scale * number).astype(scale.dtype), (of_bias * number).astype(bias.dtype)


batch_norm.defvjp(_forward, _backward)


def _as_wide(x: Array, value: Array) -> Array:
    """Give values of the channels as many axes as activations have: [C] -> [1, ..., C]."""
    return jnp.expand_dims(value, tuple(range(x.ndim - 1)))


def _mean(x: Array) -> Array:
    """Return the mean over all axes but the last: f32[B, ..., C] -> f32[C]."""
    return x.mean(tuple(range(x.ndim - 1)))
