"""Symmetric cross entropy (Wang et al. 2019, eq. 6): cross entropy plus the reverse cross entropy, which is bounded.

The reverse term replaces log 0 of the one-hot label by log 1e-4, as in the published code (A = -9.2; the paper has -4
or -6). Published: alpha 0.1 and beta 1 on CIFAR-10; 6 and 0.1 on CIFAR-100; 0.01 and 1 on MNIST.
Departure: the published code clips p to [1e-7, 1] in the cross entropy. An example then has no gradient of this term if
the network is more confident than that. Here the logarithm is not clipped, as in `bootstrap`.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import within


def symmetric_cross_entropy(alpha: float = 0.1, beta: float = 1.0) -> Strategy:
    """Minimize L = alpha CE + beta RCE, where RCE = -sum_c p_c log y_c."""
    within("strategy.alpha", alpha, 0, 1e6, "published: 0.01 to 6")
    within("strategy.beta", beta, 0, 1e6, "published: 0.1 to 1")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        p = jax.nn.softmax(logits)
        wrong = ~jax.nn.one_hot(labels, logits.shape[-1], dtype=bool)[None]
        reverse = -jnp.log(1e-4) * jnp.where(wrong, p, 0.0).sum(-1)
        loss = alpha * cross_entropy(logits, labels) + beta * reverse
        return masked_mean(loss)

    return Strategy(1, select)
