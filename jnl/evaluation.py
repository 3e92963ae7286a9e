"""What the networks of one run say about whole data sets, without training."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import Array, lax

from jnl import metrics
from jnl.augment import to_float
from jnl.data.dataset import Split
from jnl.networks import State, predict

Predict = Callable[[Array], tuple[Array, Array]]  # stored inputs of B examples -> f32[K, B, C], f32[K, B, D]


def predictor(model: nn.Module, state: State, spread: Callable[[Array], Array] = lambda batch: batch) -> Predict:
    """Logits and features of a batch, in evaluation mode."""
    return lambda inputs: predict(model, state.params, state.batch_stats, spread(to_float(inputs)))


def evaluate(say: Predict, test: Split, size: int) -> dict[str, Array]:
    """Test accuracy of each network (f32[K]) and, of two networks, that of their mean logits and how they differ."""

    def measure(index: Array) -> dict[str, Array]:
        (logits, _), labels = say(test.inputs[index]), test.labels[index]
        both = {"ensemble_accuracy": metrics.right(logits.mean(0, keepdims=True), labels)[0]} if len(logits) > 1 else {}
        return both | {
            "test_accuracy": metrics.right(logits, labels),
            "disagreement": metrics.disagreement(logits),
            "divergence": metrics.divergence(logits),
        }

    return _means(measure, jnp.arange(len(test.labels)), size)


def validate(say: Predict, inputs: Array, labels: Array, index: Array, size: int) -> dict[str, Array]:
    """Accuracy of each network on the noisy labels (i32[N]) of the rows `index` that are held out, if any are."""

    def measure(index: Array) -> dict[str, Array]:
        return {"validation_accuracy": metrics.right(say(inputs[index])[0], labels[index])}

    return _means(measure, index, size) if len(index) else {}


def everything(say: Predict, inputs: Array, size: int) -> tuple[Array, Array]:
    """Logits f32[K, N, C] and features f32[K, N, D] of all stored inputs."""
    said = lax.map(lambda rows: say(inputs[rows]), _chunks(jnp.arange(len(inputs)), size))

    def join(leaf: Array) -> Array:  # [chunks, K, size, ...]
        return jnp.moveaxis(leaf, 1, 0).reshape(leaf.shape[1], -1, *leaf.shape[3:])[:, : len(inputs)]

    return jax.tree.map(join, said)


def _means(measure: Callable[[Array], dict[str, Array]], index: Array, size: int) -> dict[str, Array]:
    """The mean over the rows i32[n] of what `measure` gives (f32[..., size] for i32[size]), `size` rows at a time."""
    chunks = _chunks(index, size)
    inside = (jnp.arange(chunks.size) < len(index)).reshape(chunks.shape)  # the rest is padding

    def total(chunk: tuple[Array, Array]) -> dict[str, Array]:
        rows, counts = chunk

        def masked_sum(value: Array) -> Array:
            return jnp.where(jnp.broadcast_to(counts, value.shape), value, 0.0).sum(-1)

        return jax.tree.map(masked_sum, measure(rows))

    return jax.tree.map(lambda sums: sums.sum(0) / len(index), lax.map(total, (chunks, inside)))


def _chunks(index: Array, size: int) -> Array:
    """i32[n] -> i32[chunks, size], filled up with row 0."""
    return jnp.pad(index, (0, -len(index) % size)).reshape(-1, size)
