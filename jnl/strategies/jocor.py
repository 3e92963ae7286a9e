"""JoCoR (Wei et al. 2020): two networks train together on the examples whose joint loss is small.

l_i = (1 - co_lambda) * (ell_1,i + ell_2,i) + co_lambda * (KL(p_1||p_2) + KL(p_2||p_1))_i      (eqs. 1 to 5)
L is the mean of l over the examples with the smallest l. No gradient is stopped: both KL terms train both networks.
The published code does the same. It has one Adam for both networks, which is equivalent to one Adam for each.
Departure: the symmetric KL is computed in closed form, which stays finite where the published code gives NaN.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.suspects import LEFT_OUT
from jnl.ops.losses import cross_entropy, symmetric_kl
from jnl.ops.selection import masked_mean, small_loss
from jnl.support.errors import within


def jocor(co_lambda: float = 0.9) -> Strategy:
    """Select examples with a small joint loss; `co_lambda` in [0, 1] is the weight of the agreement term."""
    within("strategy.co_lambda", co_lambda, 0, 1, "published: 0.65 to 0.95")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        supervised = cross_entropy(logits, labels).sum(0)
        loss = ((1 - co_lambda) * supervised + co_lambda * symmetric_kl(logits))[None]
        return masked_mean(loss, small_loss(loss, context.keep_counts[len(labels)]))

    return Strategy(2, select, uses_forget_rate=True, suspects=LEFT_OUT)
