"""The metrics of an epoch, found by file name: `metrics/label_recall.py` holds the function `label_recall() -> Metric`.

`package.module:function` means a metric of another package, whose name in the results is that of the function.

A metric of the training batches sums a numerator and a denominator over an epoch and divides once, at its end. A metric
of the test set is a mean over its examples. `training/evaluation.py` computes the accuracies of networks and classes.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jnl.core.strategy import StepOutput
from jnl.support import foreign, registry
from jnl.support.errors import UserError
from jnl.support.tracing_errors import TRACING_ERRORS, explained
from jnl.training.metric import BatchView, Metric

Measured = TypeVar("Measured")

_HERE = sys.modules[__name__]
# names that `training/evaluation.py` and the rows of `metrics.jsonl` use
_OTHER_COLUMNS = (
    "test_accuracy", "class_accuracy", "balanced_accuracy", "validation_accuracy", "validation_loss", "epoch", "run",
    "seed", "noise_seed", "failed", "epoch_seconds",
)  # fmt: skip
Counts = dict[str, tuple[Array, Array]]  # name -> numerator and denominator f32[], summed over the batches so far


def names() -> list[str]:
    """Return the names of all metrics."""
    return registry.names(_HERE)


def make(name: str) -> Metric:
    """Return the metric of this name. Raise `UserError` if there is none.

    A metric of another package that has no caption gets the first line of the docstring of its function, or its name.
    """
    function = registry.function(_HERE, name, "metrics")
    if not registry.takes(function, 0):
        raise UserError(f"metrics: {name!r} has arguments; give a function without arguments that returns a Metric")
    metric = registry.made(function(), Metric, name, "metrics")
    if metric.per_batch is None and metric.per_example is None:
        raise UserError(f"metrics: {name!r} computes nothing; give its Metric `per_batch` or `per_example`")
    for part, arguments in (("per_batch", ("batch",)), ("per_example", ("logits", "labels"))):
        called = getattr(metric, part)
        if called is not None and not registry.takes(called, len(arguments)):
            raise UserError(f"metrics: {part} of {name!r} must take ({', '.join(arguments)})")
    if metric.caption or not foreign.is_foreign(name):
        return metric
    first = (inspect.getdoc(function) or "").partition("\n")[0].strip().removesuffix(".")
    return metric._replace(caption=first or column(name).replace("_", " "))


def column(name: str) -> str:
    """Return the name that a metric has in the results: for another package, that of the function."""
    return name.rpartition(":")[2]


def with_others(others: Sequence[str]) -> dict[str, Metric]:
    """Return all metrics by their names in the results.

    Args:
      others: metrics of other packages.

    Raises:
      UserError: if there is no such metric, or two have the same name.
    """
    found = {name: make(name) for name in names()}
    for name in others:
        own = column(name)
        if own in found or own in _OTHER_COLUMNS:
            raise UserError(f"metrics: {name!r}: there is a metric {own!r} already; give the function another name")
        found[own] = make(name)
    return found


def of_training(others: Sequence[str]) -> dict[str, Metric]:
    """Return the metrics of the training batches. `others`: metrics of other packages."""
    return {name: metric for name, metric in with_others(others).items() if metric.per_batch is not None}


def of_test(num_nets: int, others: Sequence[str]) -> dict[str, Metric]:
    """Return the metrics of the test set that are defined for `num_nets` networks. `others`: as `of_training`."""
    found = with_others(others)
    return {name: metric for name, metric in found.items() if metric.per_example and num_nets >= metric.min_networks}


def zero_counts(others: Sequence[str]) -> Counts:
    """Return the counts before the first batch. `others`: as `of_training`."""
    return {name: (jnp.float32(0), jnp.float32(0)) for name in of_training(others)}


@jax.named_scope("metrics")
def batch_counts(output: StepOutput, labels: Array, clean: Array, predicted: Array, others: Sequence[str]) -> Counts:
    """Return the counts of one batch.

    Args:
      output: the output of the step.
      labels: i32[N] noisy labels of all examples.
      clean: i32[N] true labels of all examples, -1 where unknown.
      predicted: i32[K, N] predictions when the networks last trained on the examples, -1 before the first time.
      others: metrics of other packages.

    Returns:
      The numerator and denominator of each metric, f32[] each.
    """
    index = jnp.atleast_2d(output.example_index)  # i32[1 or K, B]
    truth, networks = clean[index], jnp.arange(len(output.logits))[:, None]
    is_clean = jnp.where(truth < 0, jnp.nan, (truth == labels[index]).astype(jnp.float32))
    view = BatchView(output, labels[index], is_clean, output.logits.argmax(-1), predicted[networks, index])
    counts: Counts = {}
    for name, metric in of_training(others).items():
        assert metric.per_batch is not None
        pair = measured(name, metric.per_batch, view)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise UserError(f"metrics: per_batch of {name!r} must return two numbers, a numerator and a denominator")
        numerator, denominator = pair
        counts[name] = as_float32(name, numerator, {(): "[]"}), as_float32(name, denominator, {(): "[]"})
    return counts


def measured(name: str, part: Callable[..., Measured], *arguments: object) -> Measured:
    """Return what a part of a metric, `per_batch` or `per_example`, computes of its arguments.

    Raises:
      UserError: if it cannot be compiled.
    """
    try:
        return part(*arguments)
    except TRACING_ERRORS as error:
        raise UserError(f"metrics: {name!r} cannot be compiled: {explained(error)}") from error


def as_float32(name: str, value: ArrayLike, shapes: Mapping[tuple[int, ...], str]) -> Array:
    """Return what a metric has computed as f32. True counts as 1.

    Args:
      name: name of the metric.
      value: what it returned.
      shapes: the shapes that are right, and their texts for the message.

    Raises:
      UserError: if these are not real numbers of such a shape.
    """
    try:
        value = jnp.asarray(value)
    except (TypeError, ValueError) as error:
        raise UserError(f"metrics: {name!r} returns {type(value).__name__}; return an array") from error
    if value.shape not in shapes or jnp.issubdtype(value.dtype, jnp.complexfloating):
        right = " or ".join(shapes.values())
        raise UserError(f"metrics: {name!r} returns {value.dtype} {list(value.shape)}; return float32 {right}")
    return value.astype(jnp.float32)


def epoch_metrics(counts: Counts) -> dict[str, Array]:
    """Return the training metrics of an epoch, f32[] each. A metric whose denominator is 0 is NaN."""
    # Stack all counts behind a barrier. Without it the compiler divides in a different way by a denominator that it
    # knows to be the same for all runs, and the bits differ.
    flat = lax.optimization_barrier(jnp.stack([number for pair in counts.values() for number in pair]))
    return {name: flat[2 * i] / flat[2 * i + 1] for i, name in enumerate(counts)}


@jax.named_scope("metrics")
def predicted(output: StepOutput, before: Array, unique: bool = False) -> Array:
    """Return the last prediction of each network for each example.

    Args:
      output: the output of a step.
      before: i32[K, N] last predictions before this step.
      unique: whether no row of the batch has an example twice; then a GPU need not sort them.

    Returns:
      i32[K, N] last predictions after this step.
    """
    networks, index = jnp.arange(len(output.logits))[:, None], jnp.atleast_2d(output.example_index)
    now = output.logits.argmax(-1).astype(before.dtype)
    return before.at[networks, index].set(now, unique_indices=unique)


@jax.named_scope("metrics")
def times(output: StepOutput, before: Array) -> Array:
    """Count for each example how often the mask could choose it, and how often the mask left it out.

    Args:
      output: the output of a step. Each row of its mask counts separately.
      before: i32[N, 2] both counts before this step.

    Returns:
      i32[N, 2] both counts after this step.
    """
    mask, eligible = output.selection.mask, output.selection.eligible
    asked = jnp.ones_like(mask) if eligible is None else jnp.broadcast_to(eligible, mask.shape)
    both = jnp.stack([asked, asked & ~mask], -1).astype(jnp.int32)  # [G, B, 2]
    if output.example_index.ndim < 2:  # the same examples in all rows
        both = both.sum(0)
    return before.at[output.example_index].add(both)


def correct(logits: Array, labels: Array) -> Array:
    """Return which predictions are right: f32[K, B, C], i32[B] -> f32[K, B] of 0 and 1."""
    return (logits.argmax(-1) == labels[None]).astype(jnp.float32)
