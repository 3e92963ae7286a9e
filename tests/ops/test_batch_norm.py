"""Batch normalization against float64, in value and gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jnl.ops.batch_norm import batch_norm, normalize

EPSILON = 1e-3


def example(shape):
    random = np.random.default_rng(0)
    x, gradient = random.normal(size=(2, *shape))
    scale, bias = random.normal(size=(2, shape[-1]))
    return x * 3 + 2, scale, bias, gradient


def in_float64(x, scale, bias, gradient):
    """Return the result for x [n, C] and the gradients of x, scale and bias, one sample and output at a time."""
    mean, var = x.mean(0), x.var(0)
    normal = (x - mean) / np.sqrt(var + EPSILON)
    own = np.eye(len(x))[..., None]
    # How much each normalized sample moves with each sample, d normal_i / d x_j.
    slope = (own - 1 / len(x) - normal[:, None] * normal[None] / len(x)) / np.sqrt(var + EPSILON)
    of_x = (gradient[:, None] * scale * slope).sum(0)
    return normal * scale + bias, mean, var, of_x, (gradient * normal).sum(0), gradient.sum(0)


@pytest.mark.parametrize("shape", [(6, 5), (3, 4, 2, 5)])
def test_value_statistics_and_gradient(shape):
    arrays = example(shape)
    x, scale, bias, gradient = (jnp.asarray(array, jnp.float32) for array in arrays)
    (y, mean, var), pull = jax.vjp(lambda *arguments: batch_norm(*arguments, EPSILON), x, scale, bias)
    found = (y, mean, var, *pull((gradient, jnp.zeros(5), jnp.zeros(5))))
    x64, scale64, bias64, gradient64 = arrays
    expected = in_float64(x64.reshape(-1, 5), scale64, bias64, gradient64.reshape(-1, 5))
    for mine, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine.reshape(right.shape), right, atol=2e-5)
    np.testing.assert_allclose(normalize(x, mean, var, scale, bias, EPSILON), y, atol=1e-6)


def test_networks_side_by_side_have_their_own_statistics():
    x, scale, bias, _ = (jnp.asarray(array, jnp.float32) for array in example((2, 3, 4, 5)))
    together, mean, _ = jax.vmap(lambda x: batch_norm(x, scale, bias, EPSILON))(x)
    for network in range(2):
        np.testing.assert_allclose(together[network], batch_norm(x[network], scale, bias, EPSILON)[0], atol=1e-6)
    np.testing.assert_allclose(mean, x.mean((1, 2)), atol=1e-6)


def test_statistics_of_bfloat16_are_float32():
    x = jnp.asarray(example((64, 3))[0], jnp.bfloat16)
    scale = jnp.ones(3, jnp.bfloat16)
    (y, mean, var), pull = jax.vjp(lambda *arguments: batch_norm(*arguments, EPSILON), x, scale, scale)
    assert (y.dtype, mean.dtype, var.dtype) == (jnp.bfloat16, jnp.float32, jnp.float32)
    np.testing.assert_allclose(mean, x.astype(jnp.float32).mean(0), rtol=1e-6)
    assert {leaf.dtype for leaf in pull((y, mean, var))} == {jnp.dtype(jnp.bfloat16)}


@pytest.mark.parametrize(("rows", "value", "atol"), [(8, 1e4, 1e-3), (100, 1000.3, 0.05)])
def test_a_constant_channel_stays_finite(rows, value, atol):
    """Of the second one, the mean square is 0.25 less than the square of the mean, by rounding."""
    x = jnp.full((rows, 2), value)
    (y, _, var), pull = jax.vjp(lambda x: batch_norm(x, jnp.ones(2), jnp.ones(2), EPSILON), x)
    np.testing.assert_allclose(y, 1, atol=atol)
    assert (var >= 0).all()
    assert np.isfinite(pull((y, var, var))[0]).all()
