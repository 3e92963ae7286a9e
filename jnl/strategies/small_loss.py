"""Small loss: one network trains on its own small-loss examples.

The tables of Co-teaching, Co-teaching+ and JoCoR call this "MentorNet" (self-paced, no clean data); JoCoR's ablation
calls it "Standard+". No code was published: the specification is Co-teaching's selection without the exchange
(its author's words in the repository's issue 1), with the same forget schedule.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops import selection
from jnl.ops.losses import cross_entropy


def small_loss() -> Strategy:
    """Keep the smallest losses of each batch."""

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        return selection.masked_mean(loss, selection.small_loss(loss, context.keep_counts[-1]))

    return Strategy(1, select, uses_forget_rate=True, suspects=LEFT_OUT)
