"""Two Gaussians fitted to the losses of the given labels (Arazo et al. 2019): the share of the one with high losses.

The losses are out of sample. The fit is that of DivideMix (Li et al. 2020).
"""

import jax
import jax.numpy as jnp
import numpy as np

from jnl.label_audit.estimates import View, resampled
from jnl.noise.posterior import NoiseEstimate
from jnl.ops.gaussian_mixture import chance_of_lower


def mixture(view: View) -> NoiseEstimate:
    """Return the estimate. It has no noise matrix."""
    number = len(view.labels)
    losses = -np.log(np.maximum(view.p[np.arange(number), view.labels], 1e-6)).astype(np.float32)
    share = jax.jit(lambda losses: jnp.clip(1 - chance_of_lower(losses, jnp.ones(number, bool)).mean(), 0, 1))

    def rate(rows: np.ndarray) -> float:
        return float(share(losses[rows]))

    return NoiseEstimate(rate(np.arange(number)), *resampled(rate, number, samples=30))
