"""Standard with a regularized loss. Each term has a weight; a weight of 0 leaves the term out.

- `smoothing`: label smoothing (Szegedy et al. 2016). The target is (1 - s) y + s / C.
- `confidence`: adds sum_c p_c log p_c, which penalizes confident predictions (Pereyra et al. 2017). DivideMix uses it
  with weight 1 in its warm-up.
- `class_prior`: adds sum_c pi_c log(pi_c / mean p_c) with uniform pi, where the mean is over the batch. It spreads the
  predictions of a batch over the classes (Tanaka et al. 2018; weight 1 in DivideMix).
"""

import jax
import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.losses import cross_entropy, uniform_kl
from jnl.ops.selection import masked_mean
from jnl.support.errors import within


def regularized(smoothing: float = 0.1, confidence: float = 0.0, class_prior: float = 0.0) -> Strategy:
    """Minimize cross entropy with smoothed labels and two penalties.

    Args:
      smoothing: share of the target that is spread evenly over the classes.
      confidence: weight of the penalty on confident predictions.
      class_prior: weight of the penalty on a mean prediction of the batch that prefers some classes.
    """
    within("strategy.smoothing", smoothing, 0, 1, "common: 0.1")
    within("strategy.confidence", confidence, 0, 1e6, "published: 1; 0 means none")
    within("strategy.class_prior", class_prior, 0, 1e6, "published: 1; 0 means none")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        log_p = jax.nn.log_softmax(logits)
        p = jnp.exp(log_p)
        loss = (1 - smoothing) * cross_entropy(logits, labels) - smoothing * log_p.mean(-1)
        loss += confidence * (p * log_p).sum(-1)
        return masked_mean(loss + class_prior * uniform_kl(log_p)[:, None])

    return Strategy(1, select)
