"""CORES2 (Cheng et al. 2021), phase 1: a confidence regularizer, and a sieve that drops examples with a wrong label.

L_i = CE_i - beta(e) E_prior[-log p_c]. The prior is the class distribution of the noisy labels that are still in use.
From epoch `sieve_from` on, an example trains only if CE_i <= mean_c(-log p_c). As in the published code, the classes
have equal weights in this condition, and the weights of the prior in the loss.
Departure: the published code also divides the learning rate of its SGD by 1 + beta(e) (`divide_rate`; `reference` sets
it). The steps of Adam do not grow with the loss, so this is off by default.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit, PredictAllFn
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import whole_number, within


def cores2(
    beta: float = 2.0, wait_epochs: int = 10, rise_epochs: int = 30, sieve_from: int = 31, divide_rate: bool = False
) -> Strategy:
    """Train with a confidence regularizer and a sample sieve.

    Args:
      beta: last value of beta(e), the weight of the regularizer.
      wait_epochs: number of epochs in which beta(e) is 0.
      rise_epochs: number of epochs after them in which it rises linearly, from 0 in the first to `beta` in the last.
      sieve_from: first epoch in which the sieve drops examples.
      divide_rate: whether the learning rate is divided by 1 + beta(e).
    """
    within("strategy.beta", beta, 0, 1e6, "published: 2")
    for name, value in (("wait_epochs", wait_epochs), ("rise_epochs", rise_epochs), ("sieve_from", sieve_from)):
        whole_number(f"strategy.{name}", value, 0)

    def weight(epoch: Array) -> Array:
        return beta * jnp.clip((epoch - wait_epochs) / max(rise_epochs - 1, 1), 0.0, 1.0)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        every = -jnp.log(jax.nn.softmax(logits) + 1e-8)  # f32[1, B, C]
        given, prior = cross_entropy(logits, labels), context.memory["prior"]
        stays = lax.stop_gradient(given - every.mean(-1)) <= 0
        mask = stays | (context.epoch < sieve_from)
        loss = given - weight(context.epoch) * (every * prior[None, None]).sum(-1)
        removed = context.memory["removed"].at[context.example_index].set(~mask[0])
        return masked_mean(loss, mask)._replace(memory=context.memory | {"removed": removed})

    def init(given: MemoryInit) -> Arrays:
        classes = jnp.zeros(len(given.transition))
        return {"trains": given.trains, "removed": ~given.trains, "prior": _prior(classes, given.labels, given.trains)}

    def refresh(memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array) -> Arrays:
        prior = _prior(memory["prior"], labels, ~memory["removed"])
        return memory | {"removed": ~memory["trains"], "prior": prior}

    divides = (lambda epoch: 1 + weight(epoch)) if divide_rate else None
    return Strategy(1, select, memory=Memory(init, refresh), suspects=LEFT_OUT, learning_rate_divisor=divides)


def _prior(like: Array, labels: Array, counts: Array) -> Array:
    """Return the share of each class, f32[C], among the labels i32[N] that count, bool[N]. `like` is any f32[C]."""
    numbers = jnp.zeros_like(like).at[labels].add(jnp.where(counts, 1.0, 0.0))
    return numbers / jnp.maximum(numbers.sum(), 1.0)
