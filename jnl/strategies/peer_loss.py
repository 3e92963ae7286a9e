"""Peer loss (Liu & Guo 2020, eq. 2): the loss, less that of inputs with labels of other examples.

The published code draws input and label of each peer pair at random; here the peer term is the mean over all pairs of
an input and a label of the batch, which is what the draw has on average. Cross entropy has no bound below with the
minus sign, so p is clipped below at `floor` (a choice; the specification only says to bound it). Published alpha: 1.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.errors import within
from jnl.selection import pick
from jnl.types import Context, Selection, Strategy


def peer_loss(alpha: float = 1.0, floor: float = 1e-3) -> Strategy:
    """L = mean_i l(x_i, y_i) - alpha mean_{i, j} l(x_i, y_j)."""
    within("strategy.alpha", alpha, -1e6, 1e6, "published: 1")
    within("strategy.floor", floor, 1e-30, 1, "give a small probability, such as 0.001")

    def select(logits: Array, labels: Array, context: Context) -> Selection:
        every = -jnp.maximum(jax.nn.log_softmax(logits), jnp.log(floor))  # f32[1, B, C]
        given = jax.nn.one_hot(labels, logits.shape[-1])
        loss = (every * (given - alpha * given.mean(0, keepdims=True))[None]).sum(-1)
        return pick(loss, jnp.ones(loss.shape, bool))

    return Strategy(1, select)
