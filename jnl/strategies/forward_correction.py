"""F-correction (Patrini et al. 2017, theorem 2): the noise matrix is applied to predictions before the loss.

L = -log (p T)_y, where p is clipped to [1e-7, 1 - 1e-7] as in the published code, so a clipped probability passes no
gradient. Evaluation uses p.
As published, T is estimated from a first training with cross entropy: from the predictions for all training inputs in
the epoch with the lowest loss on 10 % held-out noisy labels. Then new networks train on all examples, and the schedules
start again.
This method is known to fail for pair noise of 45 %, where the most confident examples often have a wrong label.
Departures: the first training lasts `estimation_epochs` epochs (our choice, without a source in the co-teaching
papers); aliasing in the published code sets entries of the predictions to 0 while it estimates T, which is not
repeated; the loss stays finite where the estimated T gives a label the probability 0 for all classes; the row of a
class with few examples follows from all of them, where the percentile would leave out most of its own.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Strategy
from jnl.strategies._correction import correction


def forward_correction(
    estimation_epochs: int = 20, held_out: float = 0.1, percentile: int = 97, known_noise: bool = False
) -> Strategy:
    """Apply the noise matrix to predictions before the loss.

    Args:
      estimation_epochs: number of epochs of the first training.
      held_out: share of the examples that the first training holds out.
      percentile: percentile of the estimate of T; 100 is the published rule for CIFAR-100.
      known_noise: whether to use the true noise matrix, without a first training.
    """

    def loss(logits: Array, labels: Array, noise: Array) -> Array:
        p = jnp.clip(jax.nn.softmax(logits[0]), 1e-7, 1 - 1e-7)
        given = (p * noise.T[labels]).sum(-1)
        # A class that the estimate never gives as a label would make the published loss infinite.
        return -jnp.log(jnp.maximum(given, 1e-14))[None]

    return correction(loss, lambda noise: noise, estimation_epochs, held_out, percentile, known_noise)
