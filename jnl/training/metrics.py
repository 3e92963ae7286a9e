"""What is measured of each batch, inside the compiled program."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.strategy import StepOutput


class Counts(NamedTuple):
    """Sums over the batches of an epoch; ratios are taken once, at its end."""

    loss: Array  # f32[] objective, mean over rows; NaN where a logit is not finite
    correct: Array  # f32[] predictions equal to the noisy label, mean over networks
    seen: Array  # f32[] examples
    selected: Array  # f32[] examples selected, mean over rows
    selected_clean: Array  # f32[] of these, with a true label
    clean: Array  # f32[] examples with a true label; NaN where the truth is unknown
    batches: Array  # f32[]
    changed: Array  # f32[] predictions that are not those of the epoch before, mean over networks
    compared: Array  # f32[] of so many, those that there were before


def zero_counts() -> Counts:
    """Before the first batch."""
    return Counts(*(jnp.float32(0) for _ in Counts._fields))


def batch_counts(outcome: StepOutput, labels: Array, clean: Array, predicted: Array) -> Counts:
    """One batch; noisy and true labels i32[N], and what was `predicted` before i32[K, N], are those of all examples."""
    mask, logits, index = (
        outcome.selection.mask,
        outcome.logits,
        jnp.atleast_2d(outcome.example_index),
    )  # i32[1 or K, B]
    rows, truth = mask.shape[0], clean[index]
    said, before = logits.argmax(-1), predicted[jnp.arange(len(logits))[:, None], index]  # i32[K, B]
    is_clean = jnp.where(truth < 0, jnp.nan, (truth == labels[index]).astype(jnp.float32))
    return Counts(
        # Networks that are lost may still agree and give a finite objective; their logits tell.
        loss=jnp.where(jnp.isfinite(logits).all(), outcome.objective.mean(), jnp.nan),
        correct=(said == labels[index]).mean(0).sum(),
        seen=jnp.float32(index.shape[1]),
        selected=mask.sum() / rows,
        selected_clean=jnp.where(mask, is_clean, 0.0).sum() / rows,
        clean=is_clean.mean(0).sum(),
        batches=jnp.float32(1),
        changed=((before >= 0) & (before != said)).mean(0).sum(),
        compared=(before >= 0).mean(0).sum(),
    )


def predicted(outcome: StepOutput, before: Array) -> Array:
    """What each network has said last of each example: i32[K, N] -> i32[K, N]."""
    networks = jnp.arange(len(outcome.logits))[:, None]
    return before.at[networks, jnp.atleast_2d(outcome.example_index)].set(
        outcome.logits.argmax(-1).astype(before.dtype)
    )


def times(outcome: StepOutput, before: Array) -> Array:
    """How often the mask chose about each example, and left it out; each row counts: i32[N, 2] -> i32[N, 2]."""
    mask, eligible = outcome.selection.mask, outcome.selection.eligible
    asked = jnp.ones_like(mask) if eligible is None else jnp.broadcast_to(eligible, mask.shape)
    both = jnp.stack([asked, asked & ~mask], -1).astype(jnp.int32)  # [G, B, 2]
    if outcome.example_index.ndim < 2:  # the same examples in all rows
        both = both.sum(0)
    return before.at[outcome.example_index].add(both)


def epoch_metrics(counts: Counts) -> dict[str, Array]:
    """The training metrics of an epoch, f32[] each; a ratio without a denominator is NaN.

    label_precision = clean selected / selected; label_recall = clean selected / clean; changed_predictions: the share
    of training examples whose prediction, while training on them, is not that of the epoch before (the prediction
    changes of Label Wave, Yuan et al. 2024), NaN in the first.
    """
    # As one array behind a barrier: the compiler divides in another way by what it knows to be the same for all runs.
    counts = Counts(*lax.optimization_barrier(jnp.stack(counts)))
    return {
        "train_loss": counts.loss / counts.batches,
        "train_accuracy": counts.correct / counts.seen,
        "label_precision": counts.selected_clean / counts.selected,
        "label_recall": counts.selected_clean / counts.clean,
        "selected_fraction": counts.selected / counts.seen,
        "changed_predictions": counts.changed / counts.compared,
    }


def correct(logits: Array, labels: Array) -> Array:
    """Which predictions are right: f32[K, B, C], i32[B] -> f32[K, B] of 0 and 1."""
    return (logits.argmax(-1) == labels[None]).astype(jnp.float32)


def disagreement(logits: Array) -> Array:
    """1 where the predictions of two networks differ: f32[K, B, C] -> f32[B], NaN for a single network."""
    prediction = logits.argmax(-1)
    if len(prediction) < 2:
        return jnp.full(prediction.shape[1:], jnp.nan)
    return (prediction[0] != prediction[1]).astype(jnp.float32)


def divergence(logits: Array) -> Array:
    """Total variation 0.5 * sum_c |p_1 - p_2| between two networks: f32[K, B, C] -> f32[B], NaN for a single one.

    The divergence of Co-teaching+ (Yu et al. 2019), figure 1.
    """
    p = jax.nn.softmax(logits)
    return 0.5 * jnp.abs(p[0] - p[1]).sum(-1) if len(p) > 1 else jnp.full(p.shape[1:2], jnp.nan)
