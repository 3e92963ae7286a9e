"""S-model (Goldberger & Ben-Reuven 2017): a noise layer over the classifier, trained by the same gradient.

`simple`: p(label j) = sum_i theta_ij p_i with theta = softmax(b); `complex`: theta depends on the last hidden layer h,
softmax(u h + b), u from 0. b starts from the confusion counts of the network after `pretrain_epochs` of Standard,
which then go on training (the authors' code; they stop early, at most 40 epochs, so 10 is a choice), or, for 0, from a
prior of wrong labels (0.46 in their code). Departures: the complex model does not train a simple one first; Keras
clips p to [1e-7, 1 - 1e-7] in its cross entropy, which is not repeated. The layer is dropped for evaluation.
"""

import jax.numpy as jnp
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean
from jnl.strategies import _noise_layer


def s_model(kind: str = "simple", pretrain_epochs: int = 10, prior: float = 0.46) -> Strategy:
    """Cross entropy through a learned noise layer."""
    _noise_layer.check(kind, pretrain_epochs, prior)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = _noise_layer.loss(kind, pretrain_epochs, logits, labels, context)
        return masked_mean(loss, jnp.ones(loss.shape, bool))

    memory = _noise_layer.memory(kind, 1, pretrain_epochs, prior)
    return Strategy(1, select, memory=memory, init_params=_noise_layer.init_params(kind))
