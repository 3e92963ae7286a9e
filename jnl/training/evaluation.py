"""What the networks of one run say about whole data sets, without training."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import Array, lax

from jnl.core.train_state import TrainState, predict
from jnl.data.dataset import Split
from jnl.ops.augment import Augment
from jnl.training import metrics

PredictFn = Callable[[Array], tuple[Array, Array | None]]  # stored inputs of B examples -> f32[K, B, C], f32[K, B, D]
Sums = dict[str, Array]
Judge = Callable[[PredictFn, Array, Array], Sums]  # (say, stored inputs, labels i32[B]) -> f32[..., B] each
Loss = Callable[[Array, Array], Array]  # (logits f32[K, B, C], labels i32[B]) -> f32[K, B]
OF_VALIDATION = ("validation_accuracy", "validation_loss")


class Rows(NamedTuple):
    """Examples to look at, B at a time."""

    example_index: Array  # i32[T, B]
    inside: Array  # bool[T, B] False for what fills up the last B
    inputs: Array | None = None  # as stored, [T, B, ...]; None: they are on the device with all others


def rows(index: Array, size: int) -> Rows:
    """i32[n] -> Rows of `size`."""
    chunks = _chunks(index, size)
    return Rows(chunks, (jnp.arange(chunks.size) < len(index)).reshape(chunks.shape))


def predictor(
    model: nn.Module, state: TrainState, augment: Augment, shard_batch: Callable[[Array], Array] = lambda batch: batch
) -> PredictFn:
    """Logits and features of a batch, in evaluation mode."""
    return lambda inputs: predict(model, state.params, state.batch_stats, shard_batch(augment.evaluate(inputs)))


def of_test(predict_fn: PredictFn, inputs: Array, labels: Array) -> Sums:
    """Judge test predictions: which are right, for each network and class, and the metrics of the test set."""
    logits, _ = predict_fn(inputs)
    right, of_class = metrics.correct(logits, labels), jax.nn.one_hot(labels, logits.shape[-1], axis=0)
    judged = {"test_accuracy": right, "class_right": right[:, None] * of_class[None], "class_size": of_class}
    for name, metric in metrics.of_test(len(logits)).items():
        assert metric.per_example is not None
        judged[name] = metric.per_example(logits, labels)
    return judged


def of_validation(loss: Loss) -> Judge:
    """Which predictions of each network are the noisy label, and the `loss` of each network on it."""

    def judge(predict_fn: PredictFn, inputs: Array, labels: Array) -> Sums:
        logits, _ = predict_fn(inputs)
        return dict(zip(OF_VALIDATION, (metrics.correct(logits, labels), loss(logits, labels)), strict=True))

    return judge


def total(
    judge: Judge, predict_fn: PredictFn, inputs: Array, labels: Array, rows: Rows, before: Sums | None = None
) -> Sums:
    """What `judge` gives summed over the rows, on top of what was summed `before`: f32[...] each.

    Stored inputs and labels are those of all examples. One after the other, so that it does not matter where the rows
    are cut.
    """
    fetch = partial(_stored, inputs)
    like = jax.eval_shape(
        partial(judge, predict_fn), fetch(jax.tree.map(lambda leaf: leaf[0], rows)), labels[rows.example_index[0]]
    )
    start = jax.tree.map(lambda value: jnp.zeros(value.shape[:-1], value.dtype), like) if before is None else before

    def add(sums: Sums, some: Rows) -> tuple[Sums, None]:
        found = judge(predict_fn, fetch(some), labels[some.example_index])
        counted = jax.tree.map(lambda value: jnp.where(jnp.broadcast_to(some.inside, value.shape), value, 0.0), found)
        return jax.tree.map(lambda sum, value: sum + value.sum(-1), sums, counted), None

    return lax.scan(add, start, rows)[0]


def _stored(inputs: Array, rows: Rows) -> Array:
    return inputs[rows.example_index] if rows.inputs is None else rows.inputs


def evaluate(predict_fn: PredictFn, test: Split | None, size: int) -> Sums:
    """Over the test set: accuracy of each network (f32[K]), of each class (f32[K, C]), and their mean over classes.

    `class_accuracy` is NaN for a class without examples, which `balanced_accuracy` leaves out. Nothing if there is no
    test set.
    """
    if test is None:
        return {}
    sums = total(of_test, predict_fn, test.inputs, test.labels, rows(jnp.arange(len(test.labels)), size))
    by_class = sums.pop("class_right") / sums.pop("class_size")[None]
    means = {name: sum / len(test.labels) for name, sum in sums.items()}
    return means | {"class_accuracy": by_class, "balanced_accuracy": jnp.nanmean(by_class, -1)}


def validate(loss: Loss, predict_fn: PredictFn, inputs: Array, labels: Array, index: Array, size: int) -> Sums:
    """Accuracy and loss of each network on the noisy labels (i32[N]) of the rows `index` that are held out, if any are.

    Each is f32[K].
    """
    if not len(index):
        return {}
    sums = total(of_validation(loss), predict_fn, inputs, labels, rows(index, size))
    return {name: sum / len(index) for name, sum in sums.items()}


def predict_all(predict_fn: PredictFn, inputs: Array, size: int) -> tuple[Array, Array | None]:
    """Logits f32[K, N, C] and features f32[K, N, D] of all stored inputs."""
    said = lax.map(lambda rows: predict_fn(inputs[rows]), _chunks(jnp.arange(len(inputs)), size))

    def join(leaf: Array) -> Array:  # [chunks, K, size, ...]
        return jnp.moveaxis(leaf, 1, 0).reshape(leaf.shape[1], -1, *leaf.shape[3:])[:, : len(inputs)]

    return jax.tree.map(join, said)


def _chunks(index: Array, size: int) -> Array:
    """i32[n] -> i32[chunks, size], filled up with row 0."""
    return jnp.pad(index, (0, -len(index) % size)).reshape(-1, size)
