"""Generalized cross entropy (Zhang & Sabuncu 2018, eq. 6 and algorithm 1): between cross entropy and absolute error.

`truncated` also prunes: at the start of epoch `prune_from` (counted from 0) and every `prune_every` epochs after it,
examples with p_y <= `threshold` are left out until the next pruning. As in the known code (unofficial), the first
prunings are before the 40th, 50th, ... epoch, and the loss is the mean over the whole batch; the paper has a sum.
Departures: the known code prunes with the checkpoint that is best on test data, while the current networks are used
here, in evaluation mode. In an epoch that prunes, it trains a copy of the network that is not in its optimizer; here
such an epoch trains as usual.
"""

import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit, PredictAllFn
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import whole_number, within


def gce(
    q: float = 0.7, truncated: bool = False, threshold: float = 0.5, prune_from: int = 39, prune_every: int = 10
) -> Strategy:
    """Minimize L = (1 - p_y^q) / q. The limit q -> 0 is cross entropy, q = 1 is the absolute error.

    Args:
      q: exponent.
      truncated: whether examples are pruned.
      threshold: an example is pruned unless its p_y is larger.
      prune_from: epoch before which the first pruning is, counted from 0.
      prune_every: number of epochs between two prunings.
    """
    within("strategy.q", q, 1e-6, 1, "published: 0.7")
    within("strategy.threshold", threshold, 1e-6, 1, "published: 0.5")
    whole_number("strategy.prune_from", prune_from, 0)
    whole_number("strategy.prune_every", prune_every, 1)

    def loss(logits: Array, labels: Array) -> Array:
        return -jnp.expm1(-q * cross_entropy(logits, labels)) / q

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        losses = loss(logits, labels)
        if not truncated:
            return masked_mean(losses)
        kept = context.memory["kept"][context.example_index]
        return masked_mean(losses - (1 - threshold**q) / q, kept, jnp.float32(len(labels)))

    def init(given: MemoryInit) -> Arrays:
        return {"kept": jnp.ones(given.labels.shape, bool)}

    def refresh(memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array) -> Arrays:
        def prune() -> Array:
            logits, _ = predict_all()
            return cross_entropy(logits, labels)[0] < -jnp.log(threshold)

        due = (epoch >= prune_from) & ((epoch - prune_from) % prune_every == 0)
        return {"kept": lax.cond(due, prune, lambda: memory["kept"])}

    if not truncated:
        return Strategy(1, select)
    return Strategy(1, select, memory=Memory(init, refresh), suspects=LEFT_OUT)
