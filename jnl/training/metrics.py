"""What is measured: inside the compiled program per batch, and over epochs on the host."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jnl import curves
from jnl.types import Outcome


class Counts(NamedTuple):
    """Sums over the batches of an epoch; ratios are taken once, at its end."""

    loss: Array  # f32[] objective, mean over rows; NaN where a logit is not finite
    right: Array  # f32[] predictions equal to the noisy label, mean over networks
    seen: Array  # f32[] examples
    selected: Array  # f32[] examples selected, mean over rows
    selected_clean: Array  # f32[] of these, with a true label
    clean: Array  # f32[] examples with a true label; NaN where the truth is unknown
    batches: Array  # f32[]
    changed: Array  # f32[] predictions that are not those of the epoch before, mean over networks
    compared: Array  # f32[] of so many, those that there were before


def nothing() -> Counts:
    """Before the first batch."""
    return Counts(*(jnp.float32(0) for _ in Counts._fields))


def count(outcome: Outcome, labels: Array, clean: Array, predicted: Array) -> Counts:
    """One batch; noisy and true labels i32[N], and what was `predicted` before i32[K, N], are those of all examples."""
    mask, logits, index = outcome.selection.mask, outcome.logits, jnp.atleast_2d(outcome.index)  # i32[1 or K, B]
    rows, truth = mask.shape[0], clean[index]
    said, before = logits.argmax(-1), predicted[jnp.arange(len(logits))[:, None], index]  # i32[K, B]
    is_clean = jnp.where(truth < 0, jnp.nan, (truth == labels[index]).astype(jnp.float32))
    return Counts(
        # Networks that are lost may still agree and give a finite objective; their logits tell.
        loss=jnp.where(jnp.isfinite(logits).all(), outcome.objective.mean(), jnp.nan),
        right=(said == labels[index]).mean(0).sum(),
        seen=jnp.float32(index.shape[1]),
        selected=mask.sum() / rows,
        selected_clean=jnp.where(mask, is_clean, 0.0).sum() / rows,
        clean=is_clean.mean(0).sum(),
        batches=jnp.float32(1),
        changed=((before >= 0) & (before != said)).mean(0).sum(),
        compared=(before >= 0).mean(0).sum(),
    )


def predicted(outcome: Outcome, before: Array) -> Array:
    """What each network has said last of each example: i32[K, N] -> i32[K, N]."""
    networks = jnp.arange(len(outcome.logits))[:, None]
    return before.at[networks, jnp.atleast_2d(outcome.index)].set(outcome.logits.argmax(-1).astype(before.dtype))


def times(outcome: Outcome, before: Array) -> Array:
    """How often the mask chose about each example, and left it out; each row counts: i32[N, 2] -> i32[N, 2]."""
    mask, eligible = outcome.selection.mask, outcome.selection.eligible
    asked = jnp.ones_like(mask) if eligible is None else jnp.broadcast_to(eligible, mask.shape)
    both = jnp.stack([asked, asked & ~mask], -1).astype(jnp.int32)  # [G, B, 2]
    if outcome.index.ndim < 2:  # the same examples in all rows
        both = both.sum(0)
    return before.at[outcome.index].add(both)


def training(counts: Counts) -> dict[str, Array]:
    """The training metrics of an epoch, f32[] each; a ratio without a denominator is NaN.

    label_precision = clean selected / selected; label_recall = clean selected / clean; changed_predictions: the share
    of training examples whose prediction, while training on them, is not that of the epoch before (the prediction
    changes of Label Wave, Yuan et al. 2024), NaN in the first.
    """
    # As one array behind a barrier: the compiler divides in another way by what it knows to be the same for all runs.
    counts = Counts(*lax.optimization_barrier(jnp.stack(counts)))
    return {
        "train_loss": counts.loss / counts.batches,
        "train_accuracy": counts.right / counts.seen,
        "label_precision": counts.selected_clean / counts.selected,
        "label_recall": counts.selected_clean / counts.clean,
        "selected": counts.selected / counts.seen,
        "changed_predictions": counts.changed / counts.compared,
    }


def right(logits: Array, labels: Array) -> Array:
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


class OverRuns(TypedDict):
    """One number of each run; None for runs that have failed, which are in no mean."""

    mean: float | None  # None if all have failed
    std: float | None  # ddof 0
    per_run: list[float | None]


NETWORKS = ("net1", "net2", "mean")
BestLast = dict[str, dict[str, OverRuns | None]]


def best_last(accuracy: np.ndarray, judges: Mapping[str, np.ndarray]) -> BestLast:
    """Over epochs, then over runs: f64[S, E, K] -> {best, last, ...} x {net1, net2, mean} x {mean, std, per_run}.

    The columns are those of `curves.over_epochs` without `maximal`, which only the report shows. `mean` is the average
    of the networks in each epoch. A single network leaves net2 None.

    Args:
      accuracy: f64[S, E, K].
      judges: the curves that rules choose an epoch by; f64[S, E, K] of each network, or f64[S, E] of all of them.
    """
    networks = _of_networks(accuracy)
    by_network = {name: _of_networks(judge) for name, judge in judges.items() if judge.ndim > 2}
    numbers = {}
    for net, curve in networks.items():
        own = {name: by_network[name][net] if name in by_network else judge for name, judge in judges.items()}
        numbers[net] = curves.over_epochs(curve, own)
    columns = [name for name in numbers["mean"] if name != "maximal"]
    return {
        name: {net: over_runs(numbers[net][name]) if net in numbers else None for net in NETWORKS} for name in columns
    }


def _of_networks(accuracy: np.ndarray) -> dict[str, np.ndarray]:
    """f64[S, E, K] -> f64[S, E] of each network that there is, and of their mean."""
    nets = {f"net{number + 1}": accuracy[:, :, number] for number in range(accuracy.shape[2])}
    return nets | {"mean": accuracy.mean(2)}


def pool(results: Sequence[BestLast]) -> BestLast:
    """The runs of several results as one; without the columns, and None for a network, that some of them lack."""

    def one(column: str, net: str) -> OverRuns | None:
        parts = [part for result in results if (part := result[column][net]) is not None]
        every = np.array([value for part in parts for value in part["per_run"]], np.float64)
        return over_runs(every) if len(parts) == len(results) else None

    shared = [column for column in results[0] if all(column in result for result in results)]
    return {column: {net: one(column, net) for net in NETWORKS} for column in shared}


def last10(curve: np.ndarray) -> np.ndarray:
    """f64[S, E] -> f64[S]: the mean of the last 10 epochs, less those that are NaN (nothing selected)."""
    tail = curve[:, -curves.LAST :]
    known = np.isfinite(tail)
    return np.where(known, tail, 0).sum(1) / np.where(known.any(1), known.sum(1), np.nan)


def over_runs(per_run: np.ndarray) -> OverRuns:
    """f64[S] -> mean, standard deviation, values; NaN: a run that has failed."""
    there = per_run[np.isfinite(per_run)]
    mean, std = (float(there.mean()), float(there.std())) if len(there) else (None, None)
    return {"mean": mean, "std": std, "per_run": [value if np.isfinite(value) else None for value in per_run.tolist()]}
