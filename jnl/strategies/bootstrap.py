"""Bootstrapping (Reed et al. 2015, eq. 6 and 7): the label is mixed with what the network believes.

`soft` mixes with the probabilities; as in the known implementations the gradient also flows through them. `hard` mixes
with the predicted class. The shares 0.95 and 0.8 are the paper's. All examples, one network, no schedule.
Its authors published no code. The known Keras codes clip p to [1e-7, 1 - 1e-7], which leaves an example without a
gradient where the network is surer than that (logits more than 16 apart); here, as in the code of Decoupling, the
logarithm is taken without a clip, so such an example still learns.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.errors import unknown, within
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean

KINDS = ["hard", "soft"]


def bootstrap(kind: str = "soft", soft_beta: float = 0.95, hard_beta: float = 0.8) -> Strategy:
    """L = -sum_c [beta y_c + (1 - beta) belief_c] log p_c, with the beta of the `kind`."""
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
        return masked_mean(loss, jnp.ones(loss.shape, bool))

    return Strategy(1, select)
