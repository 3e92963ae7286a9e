"""Predictions of the networks of one run for whole data sets, and metrics of these predictions. Nothing trains here.

A `PerExample` returns values of each example. `total` sums them over a data set, one batch after the other.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.train_state import TrainState, predict
from jnl.data.dataset import Split
from jnl.training import metrics
from jnl.training.spec import TrainSpec

PredictFn = Callable[[Array], tuple[Array, Array | None]]  # stored inputs of B examples -> f32[K, B, C], f32[K, B, D]
Metrics = dict[str, Array]  # name -> the metric of an epoch
Sums = dict[str, Array]  # name -> the sum over the examples so far
Values = dict[str, Array]  # name -> a value of each example, f32[..., B]
PerExample = Callable[[PredictFn, Array, Array], Values]  # (predict_fn, stored inputs, labels i32[B]) -> values
Loss = Callable[[Array, Array], Array]  # (logits f32[K, B, C], labels i32[B]) -> f32[K, B]
OF_VALIDATION = ("validation_accuracy", "validation_loss")


class Rows(NamedTuple):
    """The batches of examples that are evaluated."""

    example_index: Array  # i32[T, B]
    inside: Array  # bool[T, B] False for the padding of the last batch
    inputs: Array | None = None  # as stored, [T, B, ...]; None if the inputs of all examples are on the device


def rows(index: Array, size: int) -> Rows:
    """Cut example indices into batches of `size`: i32[n] -> Rows. The last batch is padded."""
    chunks = _chunks(index, size)
    return Rows(chunks, (jnp.arange(chunks.size) < len(index)).reshape(chunks.shape))


def predictor(spec: TrainSpec, state: TrainState) -> PredictFn:
    """Return the function that predicts a batch of stored inputs with the K networks of `state`, in evaluation mode."""

    def predict_fn(inputs: Array) -> tuple[Array, Array | None]:
        prepared = spec.shard_batch(spec.augment.evaluate(inputs))
        return predict(spec.model, state.params, state.batch_stats, prepared)

    return predict_fn


def of_test(others: Sequence[str], predict_fn: PredictFn, inputs: Array, labels: Array) -> Values:
    """Measure test predictions.

    Args:
      others: metrics of other packages.
      predict_fn: predicts a batch.
      inputs: [B, ...] as stored.
      labels: i32[B].

    Returns:
      `test_accuracy` f32[K, B], 1 where a prediction is right; `class_right` f32[K, C, B], the same for each class;
      `class_size` f32[C, B], one-hot labels; and the value of each metric of the test set, f32[K, B] or f32[B].
    """
    logits, _ = predict_fn(inputs)
    right, of_class = metrics.correct(logits, labels), jax.nn.one_hot(labels, logits.shape[-1], axis=0)
    values = {"test_accuracy": right, "class_right": right[:, None] * of_class[None], "class_size": of_class}
    for name, metric in metrics.of_test(len(logits), others).items():
        assert metric.per_example is not None
        value = metrics.measured(name, metric.per_example, logits, labels)
        values[name] = metrics.as_float32(name, value, {logits.shape[:2]: "[K, B]", labels.shape: "[B]"})
    return values


def of_validation(loss: Loss) -> PerExample:
    """Return what is summed over held-out examples, f32[K, B] each: whether the label is predicted, and a loss."""

    def per_example(predict_fn: PredictFn, inputs: Array, labels: Array) -> Values:
        logits, _ = predict_fn(inputs)
        return dict(zip(OF_VALIDATION, (metrics.correct(logits, labels), loss(logits, labels)), strict=True))

    return per_example


def total(
    per_example: PerExample,
    predict_fn: PredictFn,
    inputs: Array,
    labels: Array,
    batches: Rows,
    before: Sums | None = None,
) -> Sums:
    """Sum the values of `per_example` over batches.

    The sum runs over one batch after the other, so it does not depend on where the sequence of batches is cut.

    Args:
      per_example: returns f32[..., B] for a batch.
      predict_fn: predicts a batch.
      inputs: [N, ...] stored inputs of all examples. They are not read if `batches` has inputs.
      labels: i32[N] labels of all examples.
      batches: the batches.
      before: the sums of earlier batches; None starts from 0.

    Returns:
      The sums, f32[...] each.
    """
    fetch = partial(_stored, inputs)
    first = jax.tree.map(lambda leaf: leaf[0], batches)
    like = jax.eval_shape(partial(per_example, predict_fn), fetch(first), labels[first.example_index])
    start = jax.tree.map(lambda value: jnp.zeros(value.shape[:-1], value.dtype), like) if before is None else before

    def add(sums: Sums, batch: Rows) -> tuple[Sums, None]:
        found = per_example(predict_fn, fetch(batch), labels[batch.example_index])
        counted = jax.tree.map(lambda value: jnp.where(jnp.broadcast_to(batch.inside, value.shape), value, 0.0), found)
        return jax.tree.map(lambda sum, value: sum + value.sum(-1), sums, counted), None

    return lax.scan(add, start, batches)[0]


def _stored(inputs: Array, batch: Rows) -> Array:
    """Return the stored inputs of one batch: [N, ...] -> [B, ...]."""
    return inputs[batch.example_index] if batch.inputs is None else batch.inputs


@jax.named_scope("evaluation")
def evaluate(predict_fn: PredictFn, test: Split | None, size: int, others: Sequence[str]) -> Metrics:
    """Evaluate the networks on the test set.

    Args:
      predict_fn: predicts a batch.
      test: the test set; None returns no metrics.
      size: the batch size.
      others: metrics of other packages.

    Returns:
      `test_accuracy` f32[K]; `class_accuracy` f32[K, C], NaN for a class without examples; `balanced_accuracy` f32[K],
      the mean over the other classes; and the metrics of the test set, f32[K] or f32[] each.
    """
    if test is None:
        return {}
    sums = total(
        partial(of_test, others), predict_fn, test.inputs, test.labels, rows(jnp.arange(len(test.labels)), size)
    )
    by_class = sums.pop("class_right") / sums.pop("class_size")[None]
    means = {name: sum / len(test.labels) for name, sum in sums.items()}
    return means | {"class_accuracy": by_class, "balanced_accuracy": jnp.nanmean(by_class, -1)}


@jax.named_scope("evaluation")
def validate(loss: Loss, predict_fn: PredictFn, inputs: Array, labels: Array, index: Array, size: int) -> Metrics:
    """Evaluate the networks on the examples that are held out, with their noisy labels.

    Args:
      loss: (logits, labels) -> f32[K, B].
      predict_fn: predicts a batch.
      inputs: [N, ...] stored inputs of all examples.
      labels: i32[N] noisy labels of all examples.
      index: i32[N_validation] rows that are held out; an empty index returns no metrics.
      size: the batch size.

    Returns:
      `validation_accuracy` and `validation_loss`, f32[K] each.
    """
    if not len(index):
        return {}
    sums = total(of_validation(loss), predict_fn, inputs, labels, rows(index, size))
    return {name: sum / len(index) for name, sum in sums.items()}


def predict_all(predict_fn: PredictFn, inputs: Array, size: int) -> tuple[Array, Array | None]:
    """Return logits f32[K, N, C] and features f32[K, N, D] of all stored inputs [N, ...], in batches of `size`."""
    said = lax.map(lambda index: predict_fn(inputs[index]), _chunks(jnp.arange(len(inputs)), size))

    def join(leaf: Array) -> Array:  # [chunks, K, size, ...]
        return jnp.moveaxis(leaf, 1, 0).reshape(leaf.shape[1], -1, *leaf.shape[3:])[:, : len(inputs)]

    return jax.tree.map(join, said)


def _chunks(index: Array, size: int) -> Array:
    """Cut an index into chunks of `size` and pad the last one with 0: i32[n] -> i32[chunks, size]."""
    return jnp.pad(index, (0, -len(index) % size)).reshape(-1, size)
