"""One epoch of one run: one `lax.scan` over its batches, or several scans that are fed from the host."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.strategy import StepContext
from jnl.core.train_state import TrainContext, TrainState
from jnl.data.dataset import Split
from jnl.ops.curves import LAST
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import balanced
from jnl.training import metrics
from jnl.training.evaluation import Loss, Sums, evaluate, predict_all, validate
from jnl.training.single_run import Purpose, SingleRun, run_key, single_run
from jnl.training.spec import RunInputs, TrainSpec
from jnl.training.step import update


class Batches(NamedTuple):
    """The batches of an epoch, or some of them."""

    position: Array  # i32[T]
    example_index: Array  # i32[T, B]
    key: Array  # [T]
    inputs: Array | None = None  # as stored, [T, B, ...]; None: they are on the device with all others


def epoch(
    spec: TrainSpec, train: Split, test: Split | None, run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, Sums]:
    """Train and evaluate one epoch.

    Args:
      spec: what the runs of a program share.
      train: the training set.
      test: the test set, if there is one.
      run: the arrays of this run.
      state: the state before the epoch.
      number: i32[], of the epoch.

    Returns:
      The state after it, and its metrics: f32[] each, accuracies f32[K]; all are NaN once a run has failed.
    """
    single = single_run(spec, train, run)
    return finish_epoch(single, test, *_train_epoch(single, state, number))


def train_epoch(
    spec: TrainSpec, train: Split, run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, metrics.Counts]:
    """Train one epoch without evaluation. The arguments are those of `epoch`."""
    return _train_epoch(single_run(spec, train, run), state, number)


def _train_epoch(single: SingleRun, state: TrainState, number: Array) -> tuple[TrainState, metrics.Counts]:
    state = begin_epoch(single, state, number)
    batches = shuffle_batches(single.spec, single.run, number)
    return train_batches(single, state, metrics.zero_counts(), number, batches)


def begin_epoch(single: SingleRun, state: TrainState, number: Array) -> TrainState:
    """Return the state for the first batch of an epoch: refreshed memory, new networks where they are due."""
    strategy, run = single.strategy, single.run
    if strategy.memory and strategy.memory.refresh:
        now = partial(predict_all, single.predict_fn(state), single.train.inputs, single.spec.batch_size)
        state = state._replace(memory=strategy.memory.refresh(state.memory, now, run.labels, number))
    if strategy.reset_epoch:
        params, batch_stats, opt_state, *_ = single.new_networks(Purpose.WEIGHTS_AFTER_RESET)
        fresh = state._replace(params=params, batch_stats=batch_stats, opt_state=opt_state)
        state = jax.tree.map(partial(jnp.where, number == strategy.reset_epoch), fresh, state)
    if single.spec.optimizer.fresh_each_epoch:
        state = state._replace(opt_state=jax.vmap(single.optimizer(number).init)(state.params))
    if strategy.suspects and strategy.suspects.counted:
        first = number == len(run.keep_counts) - LAST  # of the epochs that count
        state = state._replace(suspicion={"times": jnp.where(first, 0, state.suspicion["times"])})
    return state


def shuffle_batches(spec: TrainSpec, run: RunInputs, number: Array) -> Batches:
    """Return the batches of an epoch. Their order follows from the run's key, so that no state is stored for it."""
    order_key, dropout_key = jax.random.split(jax.random.fold_in(run_key(run, Purpose.BATCHES), number))
    examples = jax.random.permutation(order_key, run.train_index)
    if spec.balanced:
        examples = examples[balanced(run.labels[examples])]
        examples = jax.random.permutation(jax.random.fold_in(order_key, 1), examples)
    index = examples[: spec.steps * spec.batch_size].reshape(spec.steps, spec.batch_size)
    return Batches(jnp.arange(spec.steps), index, jax.random.split(dropout_key, spec.steps))


def train_batches(
    single: SingleRun, state: TrainState, counts: metrics.Counts, number: Array, batches: Batches
) -> tuple[TrainState, metrics.Counts]:
    """Train on some batches of epoch `number` and add to the counts. A run that has failed does not change."""
    spec, train, run, strategy = single
    augment = lambda key, inputs: spec.shard_batch(spec.augment(key, inputs))  # noqa: E731
    all_inputs = None if spec.streams else train.inputs
    training = TrainContext(spec.model, single.optimizer(number), augment, all_inputs, run.labels)
    change = ordinary = partial(update, strategy, training)
    if strategy.custom_step:
        change = partial(strategy.custom_step, ordinary, training)

    def step(
        before: tuple[TrainState, metrics.Counts], batch: Batches
    ) -> tuple[tuple[TrainState, metrics.Counts], None]:
        state, counts = before
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
        state, outcome = change(state, context)
        now = metrics.batch_counts(outcome, run.labels, train.clean, state.predicted)
        state = state._replace(predicted=metrics.predicted(outcome, state.predicted))
        if strategy.suspects and strategy.suspects.counted:
            state = state._replace(suspicion={"times": metrics.times(outcome, state.suspicion["times"])})
        return (state, jax.tree.map(jnp.add, counts, now)), None

    trained, counts = lax.scan(step, (state, counts), batches)[0]
    return _unless_failed(state, trained, counts), counts


def finish_epoch(
    single: SingleRun, test: Split | None, state: TrainState, counts: metrics.Counts, held_out: Sums | None = None
) -> tuple[TrainState, Sums]:
    """Evaluate after the last batch of an epoch.

    Args:
      single: the run.
      test: the test set, if there is one.
      state: the state after the last batch.
      counts: what the batches added up.
      held_out: the metrics of the held-out examples, if their inputs are not on the device.

    Returns:
      The state and the metrics, as `epoch` does.
    """
    spec, train, run, _ = single
    predict_fn = single.predict_fn(state)
    if held_out is None:
        loss = validation_loss(single, state)
        held_out = validate(loss, predict_fn, train.inputs, run.labels, run.validation_index, spec.batch_size)
    finite = jnp.array([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params)])
    failed = state.failed | ~finite.all()
    measured = metrics.epoch_metrics(counts) | evaluate(predict_fn, test, spec.batch_size) | held_out
    return state._replace(failed=failed), jax.tree.map(lambda value: jnp.where(failed, jnp.nan, value), measured)


def validation_loss(single: SingleRun, state: TrainState) -> Loss:
    """Return the loss on held-out labels: the strategy's own if it has one, else cross entropy."""
    own = single.strategy.validation_loss
    return cross_entropy if own is None else lambda logits, labels: own(logits, labels, state.memory)


def _unless_failed(before: TrainState, after: TrainState, counts: metrics.Counts) -> TrainState:
    """Freeze the networks once a loss was not finite. Memories may still change, as nothing reads them any more."""
    params, batch_stats, opt_state = jax.tree.map(partial(jnp.where, before.failed), before[:3], after[:3])
    failed = before.failed | ~jnp.isfinite(counts["train_loss"][0])
    return after._replace(params=params, batch_stats=batch_stats, opt_state=opt_state, failed=failed)
