"""Standard with a regularized loss; each term has a weight, 0 leaves it out.

- `smoothing`: label smoothing (Szegedy et al. 2016), the target is (1 - s) y + s / C.
- `confidence`: + sum_c p_c log p_c, against confident predictions (Pereyra et al. 2017; weight 1 in DivideMix's
  warm-up).
- `class_prior`: + sum_c pi_c log(pi_c / mean p_c), pi uniform: the predictions of a batch share out over the classes
  (Tanaka et al. 2018; weight 1 in DivideMix).
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.errors import within
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy, from_uniform
from jnl.ops.selection import masked_mean


def regularized(smoothing: float = 0.1, confidence: float = 0.0, class_prior: float = 0.0) -> Strategy:
    """Cross entropy with smoothed labels, and two penalties."""
    within("strategy.smoothing", smoothing, 0, 1, "common: 0.1")
    within("strategy.confidence", confidence, 0, 1e6, "published: 1; 0 is none")
    within("strategy.class_prior", class_prior, 0, 1e6, "published: 1; 0 is none")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        log_p = jax.nn.log_softmax(logits)
        p = jnp.exp(log_p)
        loss = (1 - smoothing) * cross_entropy(logits, labels) - smoothing * log_p.mean(-1)
        loss += confidence * (p * log_p).sum(-1)
        return masked_mean(loss + class_prior * from_uniform(log_p)[:, None], jnp.ones(loss.shape, bool))

    return Strategy(1, select)
