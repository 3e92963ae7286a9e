"""Standard: ordinary training on the noisy labels. It is the lower bound in every table.

One network minimizes the mean cross entropy over all examples. Han et al. 2018 and Wei et al. 2020 report it without
code. To compare it with a method with two networks at equal cost, use two networks and twice the epochs, and report
`ensemble_accuracy`.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import UserError, whole_number


def standard(networks: int = 1) -> Strategy:
    """Train 1 or 2 independent networks on all examples."""
    if whole_number("strategy.networks", networks, 1) > 2:
        raise UserError(f"strategy.networks: {networks}; give 1, or 2 to compare with methods that train two networks")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        return masked_mean(loss)

    return Strategy(networks, select)
