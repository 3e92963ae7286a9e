"""MentorNet (Jiang et al. 2018), with its self-paced and predefined curricula: a weight for each example, by its loss.

d_i = loss_i - m, where m is a moving average of a percentile of the batch losses (nearest rank, as in the code). The
weight is 1[d <= 0] (`self_paced`), clip(1 - d / gamma, 0, 1) (`linear`, SPCL), (1 - exp(-loss))^gamma (`focal`) or 1[d
>= 0] (`hard`). `predefined` is 1 up to 18 % of the training, then self-paced, then from 90 % on linear. The sum is
divided by the batch size, not by the sum of the weights.
Departures: the weights are used directly, while the released student uses a small network that imitates them; `burn_in`
is 18; `dropout_rate` is one number, while the code has a list; weight decay is not multiplied by the mean weight.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Memory
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean, small_loss
from jnl.support.errors import unknown, within

KINDS = ["focal", "hard", "linear", "predefined", "self_paced"]


def mentornet(
    kind: str = "self_paced",
    percentile: float = 0.7,
    decay: float = 0.5,
    gamma: float = 1.0,
    burn_in: int = 18,
    dropout_rate: float = 0.0,
) -> Strategy:
    """Weight examples by loss, where m has `percentile` and `decay`; leave a share `dropout_rate` of each batch out.

    `kind` is the formula, `gamma` the width of `linear` or exponent of `focal`. Weights are 1 up to `burn_in` - 1 %.
    """
    within("strategy.percentile", percentile, 0, 1, "published: 0.7")
    within("strategy.decay", decay, 0, 1, "published: 0.5")
    within("strategy.gamma", gamma, 1e-6, 1e6, "published: 1 (linear), 2 (focal)")
    within("strategy.burn_in", burn_in, 0, 101, "published: 18")
    within("strategy.dropout_rate", dropout_rate, 0, 1, "0 means none")
    if kind not in KINDS:
        raise unknown("strategy.kind", kind, KINDS)

    def weight(loss: Array, distance: Array, percent: Array) -> Array:
        self_paced = jnp.where(distance <= 0, 1.0, 0.0)
        linear = jnp.clip(1 - distance / gamma, 0.0, 1.0)
        later = jnp.where(percent < 90, self_paced, linear)
        every = {"self_paced": self_paced, "linear": linear, "hard": jnp.where(distance >= 0, 1.0, 0.0)}
        every |= {"focal": (1 - jnp.exp(-loss)) ** gamma, "predefined": jnp.where(percent <= 18, 1.0, later)}
        return jnp.where(percent < burn_in - 1, 1.0, every[kind])

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        still, size = lax.stop_gradient(loss), loss.shape[1]
        rank = jnp.round(percentile * (size - 1)).astype(jnp.int32)
        level = decay * context.memory["level"] + (1 - decay) * jnp.sort(still[0])[rank]
        weights = weight(still, still - level, jnp.floor(100 * context.progress + 1e-3))
        lots = jax.vmap(lambda index: jax.random.uniform(jax.random.fold_in(context.key, index)))(context.example_index)
        in_play = small_loss(lots[None], jnp.floor(size * (1 - dropout_rate)).astype(jnp.int32))
        selection = masked_mean(weights * loss, in_play & (weights > 0), jnp.float32(size), in_play[0])
        return selection._replace(memory={"level": level})

    suspects, memory = (None if kind in ("focal", "hard") else LEFT_OUT), Memory(lambda _: {"level": jnp.float32(0)})
    return Strategy(1, select, uses_progress=True, memory=memory, suspects=suspects)
