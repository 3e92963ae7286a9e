"""The contract of a strategy: its inputs in a step, its result, and the record that describes it.

Axes have the same letters everywhere: S runs, K networks, G loss rows, B batch, N examples, C classes, E epochs,
D features. Code outside `jnl/parallel/` is written for one run, so it never sees the axis S.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import optax
from jax import Array

from jnl.core.example_weights import ExampleWeighting
from jnl.core.memory import Arrays, Memory
from jnl.core.suspects import Suspects
from jnl.core.train_state import TrainContext, TrainState
from jnl.support.errors import UserError


class StepContext(NamedTuple):
    """The values that a strategy can use in a step besides logits and labels."""

    epoch: Array  # i32[]
    batch: Array  # i32[] position of the batch in its epoch
    steps: int  # number of batches in an epoch
    keep_counts: Array  # i32[B + 1] entry n says how many of n examples train in this epoch
    example_index: Array  # i32[B] rows of the examples in the data set
    inputs: Array  # [B, ...] stored inputs of the examples, before augmentation
    weights: Array  # f32[B] weight of each example, 1 unless `Strategy.example_weights` sets it
    progress: Array  # f32[] fraction of the training that is done
    key: Array  # random key of this step
    memory: Arrays  # arrays that the strategy keeps between batches, see `Strategy.memory`
    strategy_params: Arrays | None = None  # [K, ...] trained parameters of the strategy, see `Strategy.init_params`
    features: Array | None = None  # f32[K, B, D] inputs of the last layer, if the network records them


class Selection(NamedTuple):
    """The loss of each example, and the mask of the examples that train.

    There is one row for each network (G = K), or one row for all networks if they share one loss (G = 1). A denominator
    below 1 counts as 1, so that a row without masked examples gives 0; `ops.losses.objective` divides by it.
    """

    loss: Array  # f32[G, B]
    mask: Array  # bool[G, B] which examples train
    denominator: Array  # f32[G] divisor of the masked sum of each row
    memory: Arrays | None = None  # the new memory; None keeps the old one
    eligible: Array | None = None  # bool[B] examples among which the mask chose; None means all


class StepOutput(NamedTuple):
    """The values of a step that the metrics need."""

    objective: Array  # f32[G] the loss that was minimized
    selection: Selection
    logits: Array  # f32[K, B, C] before the update
    example_index: Array  # i32[B], or i32[K, B] if each network has its own batch


StepResult = tuple[TrainState, StepOutput]


class SelectFn(Protocol):
    """Chooses the examples that train. JAX differentiates the loss that it returns."""

    def __call__(self, logits: Array, labels: Array, context: StepContext, /) -> Selection:
        """Return the selection for logits f32[K, B, C] and noisy labels i32[B]."""


def no_select(logits: Array, labels: Array, context: StepContext, /) -> Selection:
    """Raise `UserError`. This is the `select` of a strategy that has only a step of its own."""
    raise UserError(
        "strategy: this method has no `select`; give it one, or a `custom_step` that does not call `default_step`"
    )


class StepFn(Protocol):
    """One training step of the K networks of one run."""

    def __call__(self, state: TrainState, context: StepContext, /) -> StepResult:
        """Return the new state, and the values that the metrics need."""


class CustomStepFn(Protocol):
    """A training step that replaces `training.step.update`."""

    def __call__(
        self, default_step: StepFn, training: TrainContext, state: TrainState, context: StepContext, /
    ) -> StepResult:
        """Return the same as `StepFn`. `default_step` is the step that is replaced, for example for a warm-up."""


class InitParamsFn(Protocol):
    """Creates parameters that a strategy trains together with each network."""

    def __call__(self, num_classes: int, num_features: int, /) -> Arrays:
        """Return the parameters for one network, without the axis K."""


class ValidationLossFn(Protocol):
    """Computes the loss of held-out examples, whose labels are noisy as well."""

    def __call__(self, logits: Array, labels: Array, memory: Arrays, /) -> Array:
        """Return the loss of each example: f32[K, B, C], i32[B] -> f32[K, B]."""


class Strategy(NamedTuple):
    """A method for training with noisy labels. Most methods need only `num_nets` and `select`.

    Example (Co-teaching: each network selects the examples that the other one trains on):
      >>> from jnl.ops.losses import cross_entropy
      >>> from jnl.ops.selection import masked_mean, small_loss
      >>> def select(logits, labels, context):
      ...     loss = cross_entropy(logits, labels)
      ...     mask = small_loss(loss, context.keep_counts[len(labels)])
      ...     return masked_mean(loss, mask[::-1])
      >>> strategy = Strategy(2, select, uses_forget_rate=True)
    """

    num_nets: int
    select: SelectFn = no_select  # `no_select` means none, for a `custom_step` that never calls `default_step`
    uses_forget_rate: bool = False  # whether the strategy reads `StepContext.keep_counts`
    uses_progress: bool = False  # whether the strategy reads `StepContext.progress`
    memory: Memory | None = None  # arrays that are kept between batches
    init_params: InitParamsFn | None = None
    gradient_transform: optax.GradientTransformation = optax.identity()  # applied before the optimizer
    example_weights: ExampleWeighting | None = None
    suspects: Suspects | None = None  # how the strategy finds wrong labels; None if it does not find any
    reset_epoch: int = 0  # in this epoch the networks and schedules start again; 0: never
    learning_rate_divisor: Callable[[Array], Array] | None = None  # (epoch i32[]) -> f32[]
    validation_loss: ValidationLossFn | None = None  # None means cross entropy
    custom_step: CustomStepFn | None = None
    needs_truth: bool = False  # whether the strategy reads true labels or the true noise matrix
