"""A mixture of two Gaussians on a line, fitted inside the compiled program as scikit-learn fits it for DivideMix.

The published code calls `GaussianMixture(n_components=2, max_iter=10, tol=1e-2, reg_covar=5e-4)`: EM starts from
k-means, takes at most 10 steps and stops when the mean log-likelihood gains less than 1e-2. The early stop matters: on
overlapping losses the mixture has not converged at this point, and a converged mixture decides up to 6 % of the labels
differently.
Departure: k-means on a line has an exact solution. It is used here, while scikit-learn searches from a random start.
Where the losses hardly separate, that start decides: on CIFAR-10 with 80 % symmetric noise, after 200 steps, the
published call kept 10 % of the examples with three seeds and 81 % with a fourth; the exact start keeps 10 %. Beside the
most likely of ten published starts, up to 1.04 % of the labels are decided otherwise (an MLP on CIFAR-10, 20 cases).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

_STEPS = 10  # maximal number of EM steps
_TOLERANCE = 1e-2  # EM stops when the mean log-likelihood (nats) changes less
_FLOOR = 5e-4  # number that is added to the variances
_LEAST = 1e-3  # number of values that a Gaussian has at least; with fewer it counts as empty


class _Gaussians(NamedTuple):
    """Two Gaussians and their weights, f32[2] each."""

    share: Array
    mean: Array
    variance: Array


def chance_of_lower(values: Array, counts_in: Array) -> Array:
    """Return the posterior probability of the Gaussian with the smaller mean.

    Args:
      values: f32[N].
      counts_in: bool[N], the values to which the mixture is fitted; at least one.

    Returns:
      f32[N], for all values.
    """

    def improves(state: tuple[Array, _Gaussians, Array, Array]) -> Array:
        step, _, likelihood, before = state
        return (step < _STEPS) & (jnp.abs(likelihood - before) >= _TOLERANCE)

    def improve(state: tuple[Array, _Gaussians, Array, Array]) -> tuple[Array, _Gaussians, Array, Array]:
        step, gaussians, before, _ = state
        density = _log_density(values, gaussians)
        total = jnp.logaddexp(*density)
        likelihood = jnp.where(counts_in, total, 0.0).sum() / counts_in.sum()
        share = jnp.where(inside, jnp.exp(density - total[None]), 0.0)
        return step + 1, _maximize(values, share), likelihood, before

    low, inside = values <= _split(values, counts_in), counts_in[None]
    start = _maximize(values, (jnp.stack([low, ~low]) & inside).astype(jnp.float32))
    first = jnp.int32(0), start, jnp.float32(-jnp.inf), jnp.float32(0.0)
    _, gaussians, *_ = lax.while_loop(improves, improve, first)
    density = _log_density(values, gaussians)
    # If all values are equal, one Gaussian has none of them, and its mean says nothing.
    mean = jnp.where(gaussians.share * counts_in.sum() > _LEAST, gaussians.mean, jnp.inf)
    return jnp.exp(density - jnp.logaddexp(*density)[None])[mean.argmin()]


def _split(values: Array, counts_in: Array) -> Array:
    """Return the largest value of the lower cluster of the exact 2-means clustering: f32[N], bool[N] -> f32[]."""
    order = jnp.where(counts_in, values, jnp.inf).argsort()
    inside = counts_in[order]
    ascending = jnp.where(inside, values[order], 0.0)
    sums, numbers = ascending.cumsum(), inside.cumsum().astype(jnp.float32)
    others = jnp.maximum(numbers[-1] - numbers, 1.0)
    between = sums**2 / jnp.maximum(numbers, 1.0) + (sums[-1] - sums) ** 2 / others
    return ascending[jnp.where(inside & (numbers < numbers[-1]), between, -jnp.inf).argmax()]


def _maximize(values: Array, share: Array) -> _Gaussians:
    """Return the Gaussians of the M step, from values f32[N] and responsibilities f32[2, N]."""
    total = jnp.maximum(share.sum(1), 1e-6)
    mean = (share * values[None]).sum(1) / total
    variance = (share * jnp.square(values[None] - mean[:, None])).sum(1) / total + _FLOOR
    return _Gaussians(total / total.sum(), mean, variance)


def _log_density(values: Array, gaussians: _Gaussians) -> Array:
    """Return the log of weight times density of each Gaussian: f32[N] -> f32[2, N]."""
    share, mean, variance = (leaf[:, None] for leaf in gaussians)
    return jnp.log(share) - 0.5 * (jnp.log(2 * jnp.pi * variance) + jnp.square(values[None] - mean) / variance)
