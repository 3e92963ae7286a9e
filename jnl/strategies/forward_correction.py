"""F-correction (Patrini et al. 2017, theorem 2): predictions go through the noise matrix, then meet the label.

L = -log (p T)_y, with p clipped to [1e-7, 1 - 1e-7] as in the published code: a clipped probability passes no gradient.
As published, T comes from a first training with cross entropy, from its predictions on all training inputs, at the
lowest loss on 10 % held-out noisy labels; then networks and schedules start afresh, on all examples.
Departures: the first training lasts `estimation_epochs` (a choice; unsourced in the co-teaching papers); the published
code's aliasing, which zeroes entries of the predictions while T is estimated, is not repeated; where no class leads to
a label by the estimate, the loss stays finite. Evaluation uses p.
Known to fail for pair noise of 45 %: the surest examples then often have a wrong label.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Strategy
from jnl.strategies._correction import correction


def forward_correction(
    estimation_epochs: int = 20, held_out: float = 0.1, percentile: int = 97, known_noise: bool = False
) -> Strategy:
    """`percentile` 100 is the published rule for CIFAR-100; `known_noise` takes the true matrix."""

    def loss(logits: Array, labels: Array, noise: Array) -> Array:
        p = jnp.clip(jax.nn.softmax(logits[0]), 1e-7, 1 - 1e-7)
        given = (p * noise.T[labels]).sum(-1)
        # A class that the estimate never gives as a label would make the published loss infinite.
        return -jnp.log(jnp.maximum(given, 1e-14))[None]

    return correction(loss, lambda noise: noise, estimation_epochs, held_out, percentile, known_noise)
