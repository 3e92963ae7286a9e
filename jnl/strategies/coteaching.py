"""Co-teaching (Han et al. 2018, algorithm 1): each network trains on the examples with a small loss in the other one.

L_1 is the mean of the losses ell_1 over the small-loss examples of network 2. L_2 is the mean of ell_2 over the
small-loss examples of network 1. The forget schedule sets the number of examples.
Departure: the published code divides this mean by the number of examples once more (`reference=True` does so). Under
Adam this has an effect only through its epsilon.
"""

import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean, small_loss


def coteaching(reference: bool = False) -> Strategy:
    """Exchange small-loss examples between two networks."""

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss, keep = cross_entropy(logits, labels), context.keep_counts[len(labels)]
        return masked_mean(loss, small_loss(loss, keep)[::-1], jnp.square(keep) if reference else keep)

    return Strategy(2, select, uses_forget_rate=True, suspects=LEFT_OUT)
