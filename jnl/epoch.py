"""One epoch of one run as one `lax.scan`, and its evaluation."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jax import Array, lax

from jnl import metrics
from jnl.augment import to_float
from jnl.step import State, init, predict, update
from jnl.types import Context, Run, Split, Strategy


class Recipe(NamedTuple):
    """What is the same for all runs of a program, and static in it."""

    model: nn.Module
    make_strategy: Callable[..., Strategy]  # called with the run's hyper-values
    num_nets: int
    batch_size: int
    steps: int  # batches per epoch; what is left of the last one is dropped
    spread: Callable[[Array], Array] = lambda batch: batch  # puts the examples of a batch where they are computed


def start(recipe: Recipe, train: Split, run: Run) -> State:
    """The initial state of one run."""
    sample = to_float(train.inputs[:1])
    return init(recipe.model, recipe.num_nets, jax.random.fold_in(_root(run), 0), sample)


def _root(run: Run) -> Array:
    """The key of all randomness of a run, of a kind that is the same on every platform."""
    return jax.random.key(run.seed, impl="threefry2x32")


def epoch(
    recipe: Recipe, train: Split, test: Split, run: Run, state: State, number: Array
) -> tuple[State, dict[str, Array]]:
    """Trains epoch `number` (i32[]) and evaluates: -> state, metrics f32[] (accuracies f32[K])."""
    state, counts = train_epoch(recipe, train, run, state, number)
    return state, metrics.training(counts) | evaluate(recipe, train, test, run, state)


def train_epoch(recipe: Recipe, train: Split, run: Run, state: State, number: Array) -> tuple[State, metrics.Counts]:
    """All batches of one epoch; their order is a function of the run's key and the epoch, so nothing is stored."""
    strategy = recipe.make_strategy(**run.hyper)
    optimiser = optax.adam(run.learning_rate[number], b1=run.beta1[number])
    order_key, dropout_key = jax.random.split(jax.random.fold_in(jax.random.fold_in(_root(run), 1), number))
    dropout_keys = jax.random.split(dropout_key, recipe.steps)
    order = jax.random.permutation(order_key, run.train_index)
    batches = order[: recipe.steps * recipe.batch_size].reshape(recipe.steps, recipe.batch_size)

    def step(state: State, batch: tuple[Array, Array, Array]) -> tuple[State, metrics.Counts]:
        position, index, key = batch
        labels = run.labels[index]
        context = Context(number, position, run.keep[number], index)
        inputs = recipe.spread(to_float(train.inputs[index]))
        state, outcome = update(recipe.model, strategy, optimiser, state, inputs, labels, context, key)
        clean = train.clean[index]
        return state, metrics.count(outcome.objective, outcome.selection, outcome.logits, labels, clean)

    state, counts = lax.scan(step, state, (jnp.arange(recipe.steps), batches, dropout_keys))
    return state, jax.tree.map(lambda count: count.sum(0), counts)


def evaluate(recipe: Recipe, train: Split, test: Split, run: Run, state: State) -> dict[str, Array]:
    """Test accuracy of each network (f32[K]), how much the networks differ on the test inputs, and, if some training
    examples are held out, accuracy on their noisy labels.
    """

    def measure(index: Array) -> dict[str, Array]:
        logits = predict(recipe.model, state, recipe.spread(to_float(test.inputs[index])))
        return {
            "test_accuracy": metrics.right(logits, test.labels[index]),
            "disagreement": metrics.disagreement(logits),
            "divergence": metrics.divergence(logits),
        }

    def validate(index: Array) -> dict[str, Array]:
        logits = predict(recipe.model, state, recipe.spread(to_float(train.inputs[index])))
        return {"validation_accuracy": metrics.right(logits, run.labels[index])}

    result = _mean_over(jnp.arange(len(test.labels)), recipe.batch_size, measure)
    if len(run.validation_index):
        result |= _mean_over(run.validation_index, recipe.batch_size, validate)
    return result


def _mean_over(index: Array, size: int, measure: Callable[[Array], dict[str, Array]]) -> dict[str, Array]:
    """The mean over the rows i32[n] of what `measure` gives (f32[..., size] for i32[size]), `size` rows at a time."""
    chunks = jnp.pad(index, (0, -len(index) % size)).reshape(-1, size)
    inside = (jnp.arange(chunks.size) < len(index)).reshape(chunks.shape)  # the rest is padding

    def total(chunk: tuple[Array, Array]) -> dict[str, Array]:
        rows, counts = chunk

        def masked_sum(value: Array) -> Array:
            return jnp.where(jnp.broadcast_to(counts, value.shape), value, 0.0).sum(-1)

        return jax.tree.map(masked_sum, measure(rows))

    return jax.tree.map(lambda sums: sums.sum(0) / len(index), lax.map(total, (chunks, inside)))
