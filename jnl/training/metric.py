"""The record of a metric, which each file in `metrics/` returns."""

from collections.abc import Callable
from typing import NamedTuple

from jax import Array

from jnl.core.strategy import StepOutput


class BatchView(NamedTuple):
    """What a metric can use from a training step.

    An axis "1 or K" has length 1 if all networks have the same batch, and K if each network has its own batch.
    """

    output: StepOutput
    labels: Array  # i32[1 or K, B] noisy labels
    is_clean: Array  # f32[1 or K, B] 1 where the label is true, 0 where it is wrong, NaN where the truth is unknown
    predictions: Array  # i32[K, B] predictions before the update
    previous: Array  # i32[K, B] predictions when the networks last trained on these examples, -1 before the first time


class Metric(NamedTuple):
    """A metric of each epoch. It is measured on training batches (`per_batch`) or on the test set (`per_example`)."""

    per_batch: Callable[[BatchView], tuple[Array, Array]] | None = None  # returns numerator and denominator, f32[]
    # (logits f32[K, B, C], labels i32[B]) -> f32[K, B] or f32[B]; the metric is the mean over the test set. With
    # [K, B] it is a list with one number for each network, with [B] it is one number. True counts as 1.
    per_example: Callable[[Array, Array], Array] | None = None
    caption: str = ""  # caption of the figure in the report; without a caption there is no figure
    # Whether the values are between 0 and 1. Then the report shows them as percent, unless some of them are outside.
    is_share: bool = True
    min_networks: int = 1  # a test metric is left out if there are fewer networks
