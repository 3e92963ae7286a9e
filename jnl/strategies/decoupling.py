"""Decoupling (Malach & Shalev-Shwartz 2017): update where the two networks disagree, whatever the label says.

L_n = mean of network n's cross entropy over S = {i : argmax z_1 != argmax z_2}; both networks use the same S.
This is the multi-class form of the tables in Co-teaching, Co-teaching+ and JoCoR, without warm-up.
Departures: the published code (gender of faces) also weights classes and floors the denominator at 0.1 B. Where S is
empty, the data gradient is zero and Adam still moves; what the tables did there is not recorded.
"""

from jax import Array

from jnl.losses import cross_entropy
from jnl.selection import disagree, pick
from jnl.types import Context, Selection, Strategy


def decoupling() -> Strategy:
    """Train on disagreement."""

    def select(logits: Array, labels: Array, context: Context) -> Selection:
        return pick(cross_entropy(logits, labels), disagree(logits)[None])

    return Strategy(2, select)
