"""Early-learning regularization (Liu et al. 2020, eq. 6): predictions stay near those before memorization began.

Each example has a target t, the moving average of its predicted probabilities. The regularizer log(1 - <t, p>) pulls p
towards t. No gradient passes through t, and t is updated before it is used, as in the published code. Published:
momentum 0.7 and weight 3 (CIFAR-10, symmetric), 0.9 and 1 (asymmetric), 0.9 and 7 (CIFAR-100).
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import within


def elr(target_momentum: float = 0.7, weight: float = 3.0) -> Strategy:
    """Minimize L = CE + weight log(1 - <t, p>); `target_momentum` is the momentum of the moving average t."""
    within("strategy.target_momentum", target_momentum, 0, 1, "published: 0.7 or 0.9")
    within("strategy.weight", weight, 0, 1e6, "published: 1 to 7")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        p = jnp.clip(jax.nn.softmax(logits[0]), 1e-4, 1 - 1e-4)
        now = lax.stop_gradient(p / p.sum(-1, keepdims=True))
        target = target_momentum * context.memory["target"][context.example_index] + (1 - target_momentum) * now
        loss = cross_entropy(logits, labels) + weight * jnp.log(1 - (target * p).sum(-1))[None]
        remembered = {"target": context.memory["target"].at[context.example_index].set(target)}
        return masked_mean(loss)._replace(memory=remembered)

    def init(given: MemoryInit) -> Arrays:
        return {"target": jnp.zeros((len(given.labels), len(given.transition)))}  # f32[N, C]

    return Strategy(1, select, memory=Memory(init))
