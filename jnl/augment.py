"""From stored bytes to network inputs, inside the compiled program."""

import jax.numpy as jnp
from jax import Array


def to_float(inputs: Array) -> Array:
    """u8[B, H, W, channels] -> f32 in [0, 1], with no normalisation (as published); f32 features pass unchanged."""
    return inputs.astype(jnp.float32) / 255.0 if inputs.dtype == jnp.uint8 else inputs
