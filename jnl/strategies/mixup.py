"""MixUp (Zhang et al. 2018): the network trains on mixtures of two examples and of their labels.

x = s x_i + (1 - s) x_j, y = s y_i + (1 - s) y_j, L = -sum_c y_c log p_c(x). The share s is drawn from Beta(c, c) once
for a batch, and j is a permutation of the batch. As published, s may be below 0.5. MixUp favors networks that are
linear between examples. Such a network memorizes wrong labels later; a large `concentration` c has a stronger effect.
`train_accuracy` compares the predictions for mixed inputs with the labels of x_i.
"""

import jax
import optax
from jax import Array

from jnl.core.strategy import StepContext, StepFn, StepOutput, StepResult, Strategy
from jnl.core.train_state import TrainContext, TrainState, Tree, apply_gradients, forward
from jnl.ops.mixup import mixture
from jnl.ops.selection import masked_mean
from jnl.support.errors import within


def mixup(concentration: float = 1.0) -> Strategy:
    """Train on all examples, each mixed with another one; `concentration` is the c of Beta(c, c)."""
    within("strategy.concentration", concentration, 1e-3, 1e6, "published: 1 to 32")

    def step(default_step: StepFn, training: TrainContext, state: TrainState, context: StepContext) -> StepResult:
        inputs, labels = training.augment(context.key, context.inputs), training.labels[context.example_index]
        mix = mixture(jax.random.fold_in(context.key, 2), concentration, len(labels))
        mixed = mix(inputs)

        def total(params: Tree) -> tuple[Array, tuple[Tree, tuple[Array, Array]]]:
            logits, _, stats = forward(training.model, params, state.batch_stats, mixed, context.key)
            targets = mix(jax.nn.one_hot(labels, logits.shape[-1]))
            loss = optax.softmax_cross_entropy(logits, targets[None])
            return loss.mean(), (stats, (loss, logits))

        state, (loss, logits) = apply_gradients(training, state, total)
        selection = masked_mean(loss)
        return state, StepOutput(loss.mean(1), selection, logits, context.example_index)

    return Strategy(1, custom_step=step)
