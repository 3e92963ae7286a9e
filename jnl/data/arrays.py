"""From host arrays to splits on the device."""

import jax.numpy as jnp
import numpy as np

from jnl.data.dataset import Split


def split(inputs: np.ndarray, labels: np.ndarray) -> Split:
    """u8[N, H, W, channels] or f32[N, D], integers [N] -> a clean Split on the device."""
    clean = jnp.asarray(labels, jnp.int32)
    return Split(jnp.asarray(inputs), clean, clean)
