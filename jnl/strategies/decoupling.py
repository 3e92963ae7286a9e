"""Decoupling (Malach & Shalev-Shwartz 2017): train on the examples for which two networks predict different classes.

L_n is the mean cross entropy of network n over S = {i : argmax z_1 != argmax z_2}. Both networks use the same S.
This is the multi-class form in the tables of Co-teaching, Co-teaching+ and JoCoR, without a warm-up.
Departures: the published code (gender of faces) has three additions, which are options here. If S is empty, the
gradient of the loss is zero but the optimizer still takes its step. What the code behind these tables does in this case
is not known.
"""

import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import disagree, masked_mean
from jnl.support.errors import whole_number, within


def decoupling(warmup_epochs: int = 0, class_weights: bool = False, floor: float = 0.0) -> Strategy:
    """Train on the examples on which the two networks disagree.

    Args:
      warmup_epochs: number of epochs at the start that train on all examples (the published code counts steps).
      class_weights: whether the loss has the weights w = B / (C N_y), where N_y counts label y in the whole batch.
      floor: the loss is divided by at least `floor` * B; published: 0.1.
    """
    whole_number("strategy.warmup_epochs", warmup_epochs, 0)
    within("strategy.floor", floor, 0, 1, "published: 0.1; 0 means none")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        size, classes = logits.shape[1:]
        if class_weights:
            numbers = jnp.bincount(labels, length=classes)
            loss *= (size / (classes * jnp.maximum(numbers, 1)))[labels][None]
        mask = (disagree(logits) | (context.epoch < warmup_epochs))[None]
        return masked_mean(loss, mask, jnp.maximum(mask.sum(-1), floor * size))

    return Strategy(2, select)
