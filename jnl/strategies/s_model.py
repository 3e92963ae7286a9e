"""S-model (Goldberger & Ben-Reuven 2017): a noise layer after the classifier, trained together with it.

p(label j) = sum_i theta_ij p_i. The `simple` model has theta = softmax(b). The `complex` model has theta =
softmax(u h + b), where h is the last hidden layer and u starts from 0. As in the authors' code, the network first
trains as Standard, then b starts from its confusion matrix and the same network continues to train. The authors stop
the pre-training early, after at most 40 epochs; 10 is our choice. Without pre-training b starts from a prior (0.46 in
their code). Evaluation does not use the layer.
Departures: the complex model does not train a simple model first; the clip of p to [1e-7, 1 - 1e-7] in the cross
entropy of Keras is not repeated.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean
from jnl.strategies import _noise_layer


def s_model(kind: str = "simple", pretrain_epochs: int = 10, prior: float = 0.46) -> Strategy:
    """Minimize the cross entropy of a learned noise layer.

    Args:
      kind: `simple` or `complex`.
      pretrain_epochs: number of epochs of Standard at the start; 0 starts b from the prior.
      prior: probability of a wrong label at the start, used without pre-training.
    """
    _noise_layer.check(kind, pretrain_epochs, prior)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = _noise_layer.loss(kind, pretrain_epochs, logits, labels, context)
        return masked_mean(loss)

    memory = _noise_layer.memory(kind, 1, pretrain_epochs, prior)
    return Strategy(1, select, memory=memory, init_params=_noise_layer.init_params(kind))
