"""One update of the K networks of one run, for every strategy that is a masked loss."""

from jax import Array

from jnl.core.strategy import StepContext, StepOutput, StepResult, Strategy
from jnl.core.train_state import TrainContext, TrainState, Tree, apply_gradients, forward, strategy_params
from jnl.ops.losses import objective


def update(strategy: Strategy, training: TrainContext, state: TrainState, context: StepContext) -> StepResult:
    """One step on the examples `context.example_index`: forward, select, backward, update.

    Both networks' losses are taken before either changes, so the order of the networks does not matter. Batch
    statistics see the whole noisy batch, selected or not, as in the published code.
    """
    assert strategy.select is not None
    select = strategy.select
    inputs, labels = training.augment(context.key, context.inputs), training.labels[context.example_index]

    def total(params: Tree) -> tuple[Array, tuple[Tree, StepOutput]]:
        logits, features, batch_stats = forward(training.model, params, state.batch_stats, inputs, context.key)
        seen = context._replace(features=features, strategy_params=strategy_params(params))
        selection = select(logits, labels, seen)
        rows = objective(selection)
        return rows.sum(), (batch_stats, StepOutput(rows, selection, logits, context.example_index))

    state, outcome = apply_gradients(training, state, total)
    memory = outcome.selection.memory
    return state if memory is None else state._replace(memory=memory), outcome
