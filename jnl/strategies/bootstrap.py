"""Bootstrapping (Reed et al. 2015, eq. 6 and 7): the target is a mixture of the label and the network's prediction.

`soft` mixes the label with the predicted probabilities. The gradient also flows through them, as in the known
implementations. `hard` mixes the label with the predicted class. The paper has the weights 0.95 and 0.8 for the label.
One network trains on all examples, without a schedule.
Departures: the authors published no code. Known Keras implementations clip p to [1e-7, 1 - 1e-7]. An example then has
no gradient if the network is more confident than that (logits more than 16 apart). Here the logarithm is not clipped,
as in the code of Decoupling, so such an example still trains.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import unknown, within

KINDS = ["hard", "soft"]


def bootstrap(kind: str = "soft", soft_beta: float = 0.95, hard_beta: float = 0.8) -> Strategy:
    """Minimize L = -sum_c [beta y_c + (1 - beta) q_c] log p_c.

    Args:
      kind: `soft`, where q are the probabilities p, or `hard`, where q is the one-hot predicted class.
      soft_beta: beta if `kind` is `soft`.
      hard_beta: beta if `kind` is `hard`.
    """
    within("strategy.soft_beta", soft_beta, 0, 1, "published: 0.95")
    within("strategy.hard_beta", hard_beta, 0, 1, "published: 0.8")
    if kind not in KINDS:
        raise unknown("strategy.kind", kind, KINDS)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        given = cross_entropy(logits, labels)
        if kind == "hard":
            loss = hard_beta * given - (1 - hard_beta) * jax.nn.log_softmax(logits).max(-1)
        else:
            log_p = jax.nn.log_softmax(logits)
            loss = soft_beta * given - (1 - soft_beta) * (jnp.exp(log_p) * log_p).sum(-1)
        return masked_mean(loss)

    return Strategy(1, select)
