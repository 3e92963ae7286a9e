"""Co-teaching+ (Yu et al. 2019, algorithm 1): the networks exchange small-loss examples on which they disagree.

The first `warmup_epochs` epochs are plain Co-teaching. The algorithm of the paper has no warm-up, but the published
code has it (MNIST 0, CIFAR-10 20, CIFAR-100 5 epochs).
Of n disagreeing examples (1 - f) n train, rounded down, where f is the forget rate. This is 0 for n = 1, so small
batches soon train on nothing.
Departures: `reference=True` follows the published code where it departs from the paper. Cross entropy uses the softmax
output as logits; the mean is divided by the count once more; if the count is rounded down to 0, all disagreeing
examples train; a batch without disagreement trains on all examples while epoch * batch < 5000. Two properties of that
code are not repeated: it loses the example with data-set index 0, and its warm-up trains on all examples where the
count is 0, which happens with a forget rate near 1.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import disagree, masked_mean, small_loss
from jnl.strategies.coteaching import coteaching
from jnl.support.errors import whole_number


def coteaching_plus(warmup_epochs: int = 0, reference: bool = False) -> Strategy:
    """Exchange small-loss examples on which the two networks disagree.

    Args:
      warmup_epochs: number of epochs of Co-teaching at the start.
      reference: whether to follow the published code instead of the paper.
    """
    whole_number("strategy.warmup_epochs", warmup_epochs, 0)

    def paper(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss, eligible = cross_entropy(logits, labels), disagree(logits)
        keep = context.keep_counts[eligible.sum()]
        return masked_mean(loss, small_loss(loss, keep, eligible)[::-1], keep, eligible)

    def published_code(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss, eligible = cross_entropy(jax.nn.softmax(logits), labels), disagree(logits)
        number = eligible.sum()
        keep = context.keep_counts[number]
        keep = jnp.where(keep == 0, number, keep)
        exchanged = masked_mean(loss, small_loss(loss, keep, eligible)[::-1], jnp.square(keep), eligible)
        all_examples = masked_mean(loss, eligible=jnp.ones_like(eligible))
        early = (number == 0) & (context.epoch * context.batch < 5000)
        return jax.tree.map(partial(jnp.where, early), all_examples, exchanged)

    exchange = coteaching(reference).select
    assert exchange is not None
    later = published_code if reference else paper

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        warm = exchange(logits, labels, context)._replace(eligible=jnp.ones(labels.shape, bool))
        return jax.tree.map(partial(jnp.where, context.epoch < warmup_epochs), warm, later(logits, labels, context))

    return Strategy(2, select if warmup_epochs else later, uses_forget_rate=True, suspects=LEFT_OUT)
