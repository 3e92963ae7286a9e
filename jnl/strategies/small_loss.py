"""Small loss: one network trains on its own small-loss examples.

The tables of Co-teaching, Co-teaching+ and JoCoR call this method "MentorNet" (self-paced, without clean data). The
ablation of JoCoR calls it "Standard+".
Departures: no code was published. According to the author of Co-teaching (issue 1 of its repository) it is the
selection of Co-teaching without the exchange, with the same forget schedule.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops import selection
from jnl.ops.losses import cross_entropy


def small_loss() -> Strategy:
    """Train on the examples of each batch with the smallest losses."""

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        return selection.masked_mean(loss, selection.small_loss(loss, context.keep_counts[len(labels)]))

    return Strategy(1, select, uses_forget_rate=True, suspects=LEFT_OUT)
