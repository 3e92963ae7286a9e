"""Decoupling (Malach & Shalev-Shwartz 2017): update where the two networks disagree, whatever the label says.

L_n = mean of network n's cross entropy over S = {i : argmax z_1 != argmax z_2}; both networks use the same S.
This is the multi-class form of the tables in Co-teaching, Co-teaching+ and JoCoR, without warm-up. The published code
(gender of faces) also trains on everything at first (`warmup_epochs`; it counts steps), weights classes by their share
of the whole batch (`class_weights`, w = B / (C N_y)), and divides by at least `floor` B (0.1). Where S is empty, the
data gradient is zero and the optimizer still moves; what the tables did there is not recorded.
"""

import jax.numpy as jnp
from jax import Array

from jnl.core.errors import within
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import disagree, masked_mean


def decoupling(warmup_epochs: int = 0, class_weights: bool = False, floor: float = 0.0) -> Strategy:
    """Train on disagreement."""
    within("strategy.floor", floor, 0, 1, "published: 0.1; 0 is none")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        size, classes = logits.shape[1:]
        if class_weights:
            numbers = jnp.bincount(labels, length=classes)
            loss *= (size / (classes * jnp.maximum(numbers, 1)))[labels][None]
        mask = (disagree(logits) | (context.epoch < warmup_epochs))[None]
        return masked_mean(loss, mask, jnp.maximum(mask.sum(-1), floor * size))

    return Strategy(2, select)
