"""Buckets of examples: the loss fits the label proportions of a bag instead of single labels.

This is our own derivation; it follows no published code. A bag is `bag_size` consecutive examples of a shuffled batch.
If p is the mean prediction of a bag and pi are its label shares, L = -sum_c pi_c log p_c (Ardehali & Culotta 2017, and
others since Quadrianto et al. 2009). With `bag_size` 1 this is cross entropy.
"""

import jax
import jax.numpy as jnp
import optax
from jax import Array

from jnl.core.memory import Arrays, Memory, MemoryInit
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean
from jnl.support.errors import UserError, whole_number, within


def buckets(bag_size: int = 8, known_noise: bool = False, entropy: float = 0.0) -> Strategy:
    """Learn from the label proportions of bags.

    Args:
      bag_size: number of examples in a bag; 4 to 32 is reasonable (without a source).
      known_noise: whether the true noise matrix T is applied first, as p T: unbiased for class-conditional noise.
      entropy: weight of the entropy of single predictions, which sharpens them; 0.1 is reasonable (without a source).
    """
    within("strategy.entropy", entropy, 0, 1e6, "0 means none")
    whole_number("strategy.bag_size", bag_size, 1)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        size, classes = logits.shape[1:]
        if size % bag_size:
            raise UserError(f"strategy.bag_size: {bag_size} does not divide config.batch_size {size}")
        p, share = jax.nn.softmax(logits[0]), jax.nn.one_hot(labels, classes)
        p_bag, share_bag = (rows.reshape(-1, bag_size, classes).mean(1) for rows in (p, share))
        if known_noise:
            p_bag = p_bag @ context.memory["transition"]
        of_bag = -(share_bag * jnp.log(jnp.maximum(p_bag, 1e-7))).sum(-1)
        own = optax.softmax_cross_entropy(logits[0], p)
        loss = jnp.repeat(of_bag, bag_size, total_repeat_length=size) + entropy * own
        return masked_mean(loss[None])

    def init(given: MemoryInit) -> Arrays:
        return {"transition": given.transition}

    return Strategy(1, select, memory=Memory(init) if known_noise else None, needs_truth=known_noise)
