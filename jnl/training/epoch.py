"""One epoch of one run as one `lax.scan`, or as several that are fed with inputs from the host."""

from functools import partial
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from jnl.core.memory import Arrays, MemoryInit
from jnl.core.strategy import StepContext
from jnl.core.train_state import TrainContext, TrainState, init
from jnl.data.dataset import Split
from jnl.ops.curves import LAST
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import balanced
from jnl.training import metrics
from jnl.training.evaluation import Loss, Sums, evaluate, predict_all, predictor, validate
from jnl.training.spec import RunInputs, TrainSpec
from jnl.training.step import update


class Batches(NamedTuple):
    """The batches of an epoch, or some of them."""

    position: Array  # i32[T]
    example_index: Array  # i32[T, B]
    key: Array  # [T]
    inputs: Array | None = None  # as stored, [T, B, ...]; None: they are on the device with all others


def init_state(spec: TrainSpec, train: Split, run: RunInputs) -> TrainState:
    """The initial state of one run."""
    memory = spec.make_strategy(**run.hyper).memory
    state = _networks(spec, train, run, jax.random.fold_in(_root(run), 0))
    trains = jnp.zeros(run.labels.shape, bool).at[run.train_index].set(True)
    given = MemoryInit(jax.random.fold_in(_root(run), 2), run.labels, trains, run.transition, state)
    return state._replace(memory=memory.init(given) if memory else {}, suspicion=_suspicion(spec, run, trains))


def _suspicion(spec: TrainSpec, run: RunInputs, trains: Array) -> Arrays:
    """What tells in the end which labels may be wrong, at the start."""
    suspects = spec.make_strategy(**run.hyper).suspects
    if suspects is not None and suspects.counted:
        return {"times": jnp.zeros((len(run.labels), 2), jnp.int32)}
    if run.outside is None:
        return {}
    return {"dropped": (run.weights == 0) & trains, **run.outside._asdict()}


def _networks(spec: TrainSpec, train: Split, run: RunInputs, key: Array) -> TrainState:
    strategy, sample = spec.make_strategy(**run.hyper), spec.augment.evaluate(train.inputs[:1])
    optimizer = _optimizer(spec, run, 0)
    return init(spec.model, spec.num_nets, optimizer, key, sample, len(run.labels), strategy.init_params)


def _root(run: RunInputs) -> Array:
    """The key of all randomness of a run, of a kind that is the same on every platform."""
    return jax.random.key(run.seed, impl="threefry2x32")


def _optimizer(spec: TrainSpec, run: RunInputs, number: Array | int) -> optax.GradientTransformation:
    strategy, rate = spec.make_strategy(**run.hyper), run.learning_rate[number]
    if strategy.learning_rate_divisor is not None:
        rate = rate / strategy.learning_rate_divisor(jnp.asarray(number))
    return optax.chain(strategy.gradient_transform, spec.optimizer(rate, run.beta1[number]))


def epoch(
    spec: TrainSpec, train: Split, test: Split | None, run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, Sums]:
    """Trains epoch `number` (i32[]) and evaluates: -> state, metrics f32[] (accuracies f32[K])."""
    return finish_epoch(spec, train, test, run, *train_epoch(spec, train, run, state, number))


def train_epoch(
    spec: TrainSpec, train: Split, run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, metrics.Counts]:
    """All batches of epoch `number` (i32[])."""
    state = begin_epoch(spec, train, run, state, number)
    return train_batches(spec, train, run, state, metrics.zero_counts(), number, shuffle_batches(spec, run, number))


def begin_epoch(spec: TrainSpec, train: Split, run: RunInputs, state: TrainState, number: Array) -> TrainState:
    """What comes before the first batch of an epoch."""
    strategy = spec.make_strategy(**run.hyper)
    if strategy.memory and strategy.memory.refresh:
        predict_fn = predictor(spec.model, state, spec.augment, spec.shard_batch)
        now = partial(predict_all, predict_fn, train.inputs, spec.batch_size)
        state = state._replace(memory=strategy.memory.refresh(state.memory, now, run.labels, number))
    if strategy.reset_epoch:
        params, batch_stats, opt_state, *_ = _networks(spec, train, run, jax.random.fold_in(_root(run), 3))
        fresh = state._replace(params=params, batch_stats=batch_stats, opt_state=opt_state)
        state = jax.tree.map(partial(jnp.where, number == strategy.reset_epoch), fresh, state)
    if spec.optimizer.fresh_each_epoch:
        state = state._replace(opt_state=jax.vmap(_optimizer(spec, run, number).init)(state.params))
    if strategy.suspects and strategy.suspects.counted:
        first = number == len(run.keep_counts) - LAST  # of the epochs that count
        state = state._replace(suspicion={"times": jnp.where(first, 0, state.suspicion["times"])})
    return state


def shuffle_batches(spec: TrainSpec, run: RunInputs, number: Array) -> Batches:
    """The batches of an epoch, in an order that follows from the run's key: nothing of it is stored."""
    order_key, dropout_key = jax.random.split(jax.random.fold_in(jax.random.fold_in(_root(run), 1), number))
    examples = jax.random.permutation(order_key, run.train_index)
    if spec.balanced:
        examples = examples[balanced(run.labels[examples])]
        examples = jax.random.permutation(jax.random.fold_in(order_key, 1), examples)
    index = examples[: spec.steps * spec.batch_size].reshape(spec.steps, spec.batch_size)
    return Batches(jnp.arange(spec.steps), index, jax.random.split(dropout_key, spec.steps))


def train_batches(
    spec: TrainSpec,
    train: Split,
    run: RunInputs,
    state: TrainState,
    counts: metrics.Counts,
    number: Array,
    batches: Batches,
) -> tuple[TrainState, metrics.Counts]:
    """Trains on these batches of epoch `number`, and adds to the counts. A run that has failed stays as it is."""
    strategy = spec.make_strategy(**run.hyper)
    augment = lambda key, inputs: spec.shard_batch(spec.augment(key, inputs))  # noqa: E731
    all_inputs = cast(Array, None) if spec.streams else train.inputs
    training = TrainContext(spec.model, _optimizer(spec, run, number), augment, all_inputs, run.labels)
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
    spec: TrainSpec,
    train: Split,
    test: Split | None,
    run: RunInputs,
    state: TrainState,
    counts: metrics.Counts,
    held_out: Sums | None = None,
) -> tuple[TrainState, Sums]:
    """What comes after the last batch: metrics f32[] (accuracies f32[K]), all NaN of a run that has failed.

    Those of what is `held_out` are given if the inputs are not on the device.
    """
    predict_fn = predictor(spec.model, state, spec.augment, spec.shard_batch)
    if held_out is None:
        loss = validation_loss(spec, run, state)
        held_out = validate(loss, predict_fn, train.inputs, run.labels, run.validation_index, spec.batch_size)
    finite = jnp.array([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params)])
    failed = state.failed | ~finite.all()
    measured = metrics.epoch_metrics(counts) | evaluate(predict_fn, test, spec.batch_size) | held_out
    return state._replace(failed=failed), jax.tree.map(lambda value: jnp.where(failed, jnp.nan, value), measured)


def validation_loss(spec: TrainSpec, run: RunInputs, state: TrainState) -> Loss:
    """The loss on labels that are held out: what the strategy takes for it, else cross entropy."""
    own = spec.make_strategy(**run.hyper).validation_loss
    return cross_entropy if own is None else lambda logits, labels: own(logits, labels, state.memory)


def _unless_failed(before: TrainState, after: TrainState, counts: metrics.Counts) -> TrainState:
    """The networks stay as they are once a loss was not finite; memories may go on, as nobody reads them any more."""
    params, batch_stats, opt_state = jax.tree.map(partial(jnp.where, before.failed), before[:3], after[:3])
    failed = before.failed | ~jnp.isfinite(counts["train_loss"][0])
    return after._replace(params=params, batch_stats=batch_stats, opt_state=opt_state, failed=failed)
