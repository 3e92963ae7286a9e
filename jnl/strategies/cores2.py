"""CORES2 (Cheng et al. 2021), phase 1: a confidence regularizer, and a sieve that drops what it finds wrong.

L_i = CE_i - beta(e) E_prior[-log p_c], where the prior is that of the noisy labels still in use. From epoch
`sieve_from` on an example trains if CE_i <= mean_c(-log p_c): uniform there and the prior in the loss, as in the
published code. beta is 0 for `wait_epochs`, then rises linearly over `rise_epochs`, from 0 in the first to all of it in
the last of them, then stays. The published code also divides the learning rate of its SGD by 1 + beta(e)
(`divide_rate`, set by `reference`); the steps of Adam do not grow with the loss, so the default does not.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.errors import within
from jnl.core.memory import Arrays, Memory, MemoryInit, PredictAllFn
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean


def cores2(
    beta: float = 2.0, wait_epochs: int = 10, rise_epochs: int = 30, sieve_from: int = 31, divide_rate: bool = False
) -> Strategy:
    """Confidence-regularized sample sieve."""
    within("strategy.beta", beta, 0, 1e6, "published: 2")

    def weight(epoch: Array) -> Array:
        return beta * jnp.clip((epoch - wait_epochs) / max(rise_epochs - 1, 1), 0.0, 1.0)

    def divisor(epoch: Array) -> Array:
        return 1 + weight(epoch)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        every = -jnp.log(jax.nn.softmax(logits) + 1e-8)  # f32[1, B, C]
        given, prior = cross_entropy(logits, labels), context.memory["prior"]
        stays = lax.stop_gradient(given - every.mean(-1)) <= 0
        mask = stays | (context.epoch < sieve_from)
        loss = given - weight(context.epoch) * (every * prior[None, None]).sum(-1)
        removed = context.memory["removed"].at[labels].add(jnp.where(mask[0], 0.0, 1.0))
        return masked_mean(loss, mask)._replace(memory=context.memory | {"removed": removed})

    def init(given: MemoryInit) -> Arrays:
        nothing = jnp.zeros(len(given.transition))
        numbers = jnp.zeros_like(nothing).at[given.labels].add(jnp.where(given.trains, 1.0, 0.0))
        return {"numbers": numbers, "removed": nothing, "prior": _prior(numbers)}

    def refresh(memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array) -> Arrays:
        left = memory["numbers"] - memory["removed"]
        return memory | {"removed": jnp.zeros_like(left), "prior": _prior(left)}

    divides = divisor if divide_rate else None
    return Strategy(1, select, memory=Memory(init, refresh), suspects=LEFT_OUT, learning_rate_divisor=divides)


def _prior(numbers: Array) -> Array:
    return jnp.maximum(numbers, 0.0) / jnp.maximum(numbers.sum(), 1.0)
