"""A mixture of two Gaussians on a line, fitted inside the compiled program."""

import jax.numpy as jnp
from jax import Array, lax

_STEPS = 10  # of EM, as DivideMix allows
_FLOOR = 5e-4  # added to the variances, as there


def chance_of_lower(values: Array) -> Array:
    """The posterior of the component with the smaller mean: f32[N] -> f32[N]. Starts from a split at mid-range."""
    middle = (values.min() + values.max()) / 2
    start = jnp.stack([values <= middle, values > middle]).astype(jnp.float32)

    def log_density(share: Array) -> Array:  # f32[2, N] -> f32[2, N] of new Gaussians, with their weights
        total = jnp.maximum(share.sum(1, keepdims=True), 1e-6)
        mean = (share * values[None]).sum(1, keepdims=True) / total
        variance = (share * jnp.square(values[None] - mean)).sum(1, keepdims=True) / total + _FLOOR
        return jnp.log(total / len(values)) - 0.5 * (jnp.log(variance) + jnp.square(values[None] - mean) / variance)

    def improve(_: Array, share: Array) -> Array:
        density = log_density(share)
        return jnp.exp(density - jnp.logaddexp(density[0], density[1])[None])

    share = lax.fori_loop(0, _STEPS, improve, start)
    means = (share * values[None]).sum(1) / jnp.maximum(share.sum(1), 1e-6)
    return share[means.argmin()]
