"""One training step of the K networks of one run. Strategies without a `custom_step` use it."""

import jax
from jax import Array

from jnl.core.strategy import StepContext, StepOutput, StepResult, Strategy
from jnl.core.train_state import TrainContext, TrainState, Tree, apply_gradients, forward, strategy_params
from jnl.ops.losses import objective
from jnl.ops.selection import checked


def update(strategy: Strategy, training: TrainContext, state: TrainState, context: StepContext) -> StepResult:
    """Take one training step: forward pass, selection, backward pass, update.

    The losses of all networks are computed before any network changes, so the order of the networks does not matter.
    Batch statistics are computed from the whole noisy batch, not only from the selected examples, as in the published
    code.

    Args:
      strategy: has the `select` function.
      training: what is the same for all steps of the epoch.
      state: the state before the step.
      context: describes the batch.

    Returns:
      The state after the step, and what the metrics need.
    """
    inputs, labels = training.augment(context.key, context.inputs), training.labels[context.example_index]

    def total(params: Tree) -> tuple[Array, tuple[Tree, StepOutput]]:
        logits, features, batch_stats = forward(training.model, params, state.batch_stats, inputs, context.key)
        seen = context._replace(features=features, strategy_params=strategy_params(params))
        with jax.named_scope("selection"):
            selection = checked(strategy.select(logits, labels, seen), logits)
            rows = objective(selection)
        return rows.sum(), (batch_stats, StepOutput(rows, selection, logits, context.example_index))

    state, output = apply_gradients(training, state, total)
    memory = output.selection.memory
    return state if memory is None else state._replace(memory=memory), output
