"""Co-teaching (Han et al. 2018, algorithm 1): each network trains on the examples that the other finds easy.

L_1 = mean of ell_1 over the small-loss examples of network 2, and the other way round; how many is the forget schedule.
`reference=True` follows the published code, which divides that mean by the number of examples once more. Under Adam
this acts only through its epsilon.
"""

import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean, small_loss


def coteaching(reference: bool = False) -> Strategy:
    """Exchange small-loss examples."""

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss, keep = cross_entropy(logits, labels), context.keep_counts[-1]
        return masked_mean(loss, small_loss(loss, keep)[::-1], jnp.square(keep) if reference else keep)

    return Strategy(2, select, uses_forget_rate=True, suspects=LEFT_OUT)
