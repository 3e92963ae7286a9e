"""What a metric is: the record that each file in `metrics/` returns."""

from collections.abc import Callable
from typing import NamedTuple

from jax import Array

from jnl.core.strategy import StepOutput


class BatchView(NamedTuple):
    """What a metric can depend on in a training step. The axis is 1 if all networks have the same batch, else K."""

    output: StepOutput
    labels: Array  # i32[1 or K, B] noisy labels
    is_clean: Array  # f32[1 or K, B] 1 where the label is true, 0 where it is wrong, NaN where the truth is unknown
    predictions: Array  # i32[K, B] before the update
    previous: Array  # i32[K, B] when the networks last trained on these examples, -1 before the first time


class Metric(NamedTuple):
    """A number of each epoch. It is measured on training batches (`per_batch`) or on the test set (`per_example`)."""

    per_batch: Callable[[BatchView], tuple[Array, Array]] | None = None  # numerator and denominator, f32[]
    # (logits f32[K, B, C], labels i32[B]) -> f32[K, B] or f32[B], of which the mean over the test set is taken.
    per_example: Callable[[Array, Array], Array] | None = None
    caption: str = ""  # of its figure in the report; without one it has no figure
    is_share: bool = True  # between 0 and 1, shown as percent
    min_networks: int = 1  # with fewer networks it is left out
