"""S-model + Decoupling (Malach & Shalev-Shwartz 2017, section 5): noise layers, and update by disagreement.

Two networks, each with a noise layer of its own. Disagreement is that of the base predictions, before the layer, as in
the published code. The layer is the one of `s_model`, a stochastic matrix; that code takes log_softmax(p W) instead,
which is none, and is not repeated. Nor are its class weights and floor (see `decoupling`), and the layer starts after
pre-training, where that code starts from the prior.
"""

from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import disagree, masked_mean
from jnl.strategies import _noise_layer


def s_model_decoupling(kind: str = "simple", pretrain_epochs: int = 10, prior: float = 0.46) -> Strategy:
    """While pre-training, on everything."""
    _noise_layer.check(kind, pretrain_epochs, prior)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = _noise_layer.loss(kind, pretrain_epochs, logits, labels, context)
        return masked_mean(loss, disagree(logits) | (context.epoch < pretrain_epochs))

    memory = _noise_layer.memory(kind, 2, pretrain_epochs, prior)
    return Strategy(2, select, memory=memory, init_params=_noise_layer.init_params(kind))
