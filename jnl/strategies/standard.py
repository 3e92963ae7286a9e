"""Standard: ordinary training on the noisy labels, the lower bound of every table.

One network, mean cross entropy over all examples. Han et al. 2018 and Wei et al. 2020 report it without code.
"""

import jax.numpy as jnp
from jax import Array

from jnl.losses import cross_entropy
from jnl.selection import pick
from jnl.types import Context, Selection, Strategy


def standard() -> Strategy:
    """Train on everything."""

    def select(logits: Array, labels: Array, context: Context) -> Selection:
        loss = cross_entropy(logits, labels)
        return pick(loss, jnp.ones(loss.shape, bool))

    return Strategy(1, select)
