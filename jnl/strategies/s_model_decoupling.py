"""S-model + Decoupling (Malach & Shalev-Shwartz 2017, section 5): noise layers, and training on disagreement.

Each of two networks has its own noise layer. They train on the examples for which their predictions before the layer
differ, as in the published code.
Departures: the layer is a stochastic matrix as in `s_model`, while the published code uses log_softmax(p W), which is
not a stochastic matrix; the class weights and the floor of that code (see `decoupling`) are not repeated; the layer
starts after a pre-training, while that code starts from the prior.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import disagree, masked_mean
from jnl.strategies import _noise_layer


def s_model_decoupling(kind: str = "simple", pretrain_epochs: int = 10, prior: float = 0.46) -> Strategy:
    """Train two networks with noise layers on their disagreement, and on all examples in the pre-training.

    `s_model` documents the arguments.
    """
    _noise_layer.check(kind, pretrain_epochs, prior)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = _noise_layer.loss(kind, pretrain_epochs, logits, labels, context)
        return masked_mean(loss, disagree(logits) | (context.epoch < pretrain_epochs))

    memory = _noise_layer.memory(kind, 2, pretrain_epochs, prior)
    return Strategy(2, select, memory=memory, init_params=_noise_layer.init_params(kind))
