"""Buckets of examples: the label proportions of a bag are fitted instead of single labels (no paper's code; derived).

A bag is `bag_size` consecutive examples of a shuffled batch. With p the mean prediction and pi the label shares of a
bag, L = -sum_c pi_c log p_c (Ardehali & Culotta 2017, and others since Quadrianto et al. 2009). With `known_noise` the
true noise matrix T is applied first, p T, which is unbiased for class-conditional noise. `entropy` sharpens single
predictions. A bag of 1 is cross entropy.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.errors import UserError, within
from jnl.core.memory import Arrays, Memory, MemoryInit
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean


def buckets(bag_size: int = 8, known_noise: bool = False, entropy: float = 0.0) -> Strategy:
    """Learning from label proportions; `bag_size` 4 to 32 and `entropy` 0.1 are sound (unsourced)."""
    within("strategy.entropy", entropy, 0, 1e6, "0 is none")
    if bag_size < 1:
        raise UserError(f"strategy.bag_size: {bag_size}; give at least 1 example")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        size, classes = logits.shape[1:]
        if size % bag_size:
            raise UserError(f"strategy.bag_size: {bag_size} does not divide config.batch_size {size}")
        p, share = jax.nn.softmax(logits[0]), jax.nn.one_hot(labels, classes)
        p_bag, share_bag = (rows.reshape(-1, bag_size, classes).mean(1) for rows in (p, share))
        if known_noise:
            p_bag = p_bag @ context.memory["transition"]
        of_bag = -(share_bag * jnp.log(jnp.maximum(p_bag, 1e-7))).sum(-1)
        own = -(p * jax.nn.log_softmax(logits[0])).sum(-1)
        loss = jnp.repeat(of_bag, bag_size, total_repeat_length=size) + entropy * own
        return masked_mean(loss[None], jnp.ones((1, size), bool))

    def init(given: MemoryInit) -> Arrays:
        return {"transition": given.transition}

    return Strategy(1, select, memory=Memory(init) if known_noise else None)
