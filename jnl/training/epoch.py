"""One epoch of one run: training on its batches, then evaluation.

`epoch` does all of it, with one `lax.scan` over the batches. A segmented epoch calls `begin_epoch`, `shuffle_batches`,
`train_batches` (once for each segment) and `finish_epoch`.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.flatten_util import ravel_pytree

from jnl.core.memory import unchanged_types
from jnl.core.strategy import StepContext
from jnl.core.train_state import TrainContext, TrainState
from jnl.data.dataset import Split
from jnl.ops.curves import LAST
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import balanced
from jnl.training import metrics
from jnl.training.evaluation import Loss, Metrics, evaluate, predict_all, validate
from jnl.training.single_run import Purpose, SingleRun, run_key, single_run
from jnl.training.spec import RunInputs, TrainSpec
from jnl.training.step import update


class Batches(NamedTuple):
    """Batches of one epoch: all of them or one segment."""

    position: Array  # i32[T] position of each batch in its epoch
    example_index: Array  # i32[T, B]
    key: Array  # [T] random key of each step
    inputs: Array | None = None  # as stored, [T, B, ...]; None if the inputs of all examples are on the device


def epoch(
    spec: TrainSpec, train: Split, test: Split | None, run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, Metrics]:
    """Train and evaluate one epoch.

    Args:
      spec: what all runs of the program share.
      train: the training set.
      test: the test set, or None.
      run: the arrays of this run.
      state: the state before the epoch.
      number: i32[] number of the epoch, from 0.

    Returns:
      The state after the epoch and the metrics of the epoch. Metrics of each network are f32[K], `class_accuracy` is
      f32[K, C], the others are f32[]. All are NaN once a run has failed.
    """
    single = single_run(spec, train, run)
    return finish_epoch(single, test, *_train_epoch(single, state, number))


def train_epoch(
    spec: TrainSpec, train: Split, run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, metrics.Counts]:
    """Train one epoch without evaluation. `epoch` documents the arguments."""
    return _train_epoch(single_run(spec, train, run), state, number)


def _train_epoch(single: SingleRun, state: TrainState, number: Array) -> tuple[TrainState, metrics.Counts]:
    """Train epoch `number` and return the state and the counts of its metrics."""
    state = begin_epoch(single, state, number)
    batches = shuffle_batches(single.spec, single.run, number)
    return train_batches(single, state, metrics.zero_counts(single.spec.metrics), number, batches)


def begin_epoch(single: SingleRun, state: TrainState, number: Array) -> TrainState:
    """Return the state for the first batch of an epoch.

    This refreshes the memory, makes new networks in the epoch `Strategy.reset_epoch`, resets the optimizer if
    `Optimizer.fresh_each_epoch` is set, and sets the counts of suspects to 0 before the epochs that they cover.

    Args:
      single: the run.
      state: the state after the previous epoch.
      number: i32[] number of the epoch.
    """
    strategy, run = single.strategy, single.run
    if strategy.memory and strategy.memory.refresh:
        now = partial(predict_all, single.predict_fn(state), single.train.inputs, single.spec.batch_size)
        memory = strategy.memory.refresh(state.memory, now, run.labels, number)
        state = state._replace(memory=unchanged_types(memory, state.memory, "Memory.refresh"))
    if strategy.reset_epoch:
        params, batch_stats, opt_state, *_ = single.new_networks(Purpose.WEIGHTS_AFTER_RESET)
        fresh = state._replace(params=params, batch_stats=batch_stats, opt_state=opt_state)
        state = jax.tree.map(partial(jnp.where, number == strategy.reset_epoch), fresh, state)
    if single.spec.optimizer.fresh_each_epoch:
        state = state._replace(opt_state=jax.vmap(single.optimizer(number).init)(state.params))
    if strategy.suspects and strategy.suspects.counted:
        first = number == len(run.keep_counts) - LAST  # the counts cover only the last `LAST` epochs
        state = state._replace(suspicion={"times": jnp.where(first, 0, state.suspicion["times"])})
    return state


@jax.named_scope("shuffle")
def shuffle_batches(spec: TrainSpec, run: RunInputs, number: Array) -> Batches:
    """Return the batches of epoch `number`.

    Their order depends only on the seed of the run and on `number`, so no state is stored for it.
    """
    order_key, steps_key = jax.random.split(jax.random.fold_in(run_key(run, Purpose.BATCHES), number))
    examples = jax.random.permutation(order_key, run.train_index)
    if spec.balanced:
        examples = examples[balanced(run.labels[examples])]
        examples = jax.random.permutation(jax.random.fold_in(order_key, 1), examples)
    index = examples[: spec.steps * spec.batch_size].reshape(spec.steps, spec.batch_size)
    return Batches(jnp.arange(spec.steps), index, jax.random.split(steps_key, spec.steps))


def train_batches(
    single: SingleRun, state: TrainState, counts: metrics.Counts, number: Array, batches: Batches
) -> tuple[TrainState, metrics.Counts]:
    """Train on some batches of an epoch. The networks of a run that has failed do not change.

    Args:
      single: the run.
      state: the state before the first of these batches.
      counts: the counts of the earlier batches of this epoch.
      number: i32[] number of the epoch.
      batches: the batches.

    Returns:
      The state after the last batch, and the counts with these batches added.
    """
    spec, train, run, strategy = single

    @jax.named_scope("inputs")
    def augment(key: Array, inputs: Array) -> Array:
        return spec.shard_batch(spec.augment(key, inputs))

    all_inputs = None if spec.streams else train.inputs
    training = TrainContext(spec.model, single.optimizer(number), augment, all_inputs, run.labels)
    step_fn = default_step = partial(update, strategy, training)
    function = "select"
    if strategy.custom_step:
        step_fn, function = partial(strategy.custom_step, default_step, training), "custom_step"

    flat, counts_of = ravel_pytree(counts)  # a GPU would add the many counts one after the other

    def step(before: tuple[TrainState, Array], batch: Batches) -> tuple[tuple[TrainState, Array], None]:
        state, counted = before
        context = StepContext(
            epoch=number,
            batch=batch.position,
            steps=spec.steps,
            keep_counts=run.keep_counts[number],
            example_index=batch.example_index,
            inputs=train.inputs[batch.example_index] if batch.inputs is None else batch.inputs,
            weights=run.weights[batch.example_index],
            progress=(number + batch.position / spec.steps) / len(run.learning_rate),
            key=batch.key,
            memory=state.memory,
        )
        state, output = step_fn(state, context)
        unchanged_types(state.memory, context.memory, function)
        now = metrics.batch_counts(output, run.labels, train.clean, state.predicted, spec.metrics)
        # Balanced batches, and those that a custom step has drawn, may have an example twice.
        unique = output.example_index is batch.example_index and not spec.balanced
        state = state._replace(predicted=metrics.predicted(output, state.predicted, unique))
        if strategy.suspects and strategy.suspects.counted:
            state = state._replace(suspicion={"times": metrics.times(output, state.suspicion["times"])})
        return (state, counted + ravel_pytree(now)[0]), None

    trained, flat = lax.scan(step, (state, flat), batches)[0]
    counts = counts_of(flat)
    return _unless_failed(state, trained, counts), counts


def finish_epoch(
    single: SingleRun, test: Split | None, state: TrainState, counts: metrics.Counts, held_out: Metrics | None = None
) -> tuple[TrainState, Metrics]:
    """Evaluate after the last batch of an epoch.

    Args:
      single: the run.
      test: the test set, or None.
      state: the state after the last batch.
      counts: the counts of all batches of the epoch.
      held_out: the metrics of the held-out examples; None computes them here, which needs their inputs on the device.

    Returns:
      The state and the metrics that `epoch` returns.
    """
    spec, train, run, _ = single
    predict_fn = single.predict_fn(state)
    if held_out is None:
        loss = validation_loss(single, state)
        held_out = validate(loss, predict_fn, train.inputs, run.labels, run.validation_index, spec.batch_size)
    finite = jnp.array([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params)])
    failed = state.failed | ~finite.all()
    measured = metrics.epoch_metrics(counts) | evaluate(predict_fn, test, spec.batch_size, spec.metrics) | held_out
    return state._replace(failed=failed), jax.tree.map(lambda value: jnp.where(failed, jnp.nan, value), measured)


def validation_loss(single: SingleRun, state: TrainState) -> Loss:
    """Return the loss of held-out examples: `Strategy.validation_loss` if the strategy has one, else cross entropy."""
    own = single.strategy.validation_loss
    return cross_entropy if own is None else lambda logits, labels: own(logits, labels, state.memory)


def _unless_failed(before: TrainState, after: TrainState, counts: metrics.Counts) -> TrainState:
    """Return the state with frozen networks if the run failed before, and mark the run if its loss is not finite now.

    The memory of a failed run may still change, because nothing reads it any more.
    """
    params, batch_stats, opt_state = jax.tree.map(partial(jnp.where, before.failed), before[:3], after[:3])
    failed = before.failed | ~jnp.isfinite(counts["train_loss"][0])
    return after._replace(params=params, batch_stats=batch_stats, opt_state=opt_state, failed=failed)
