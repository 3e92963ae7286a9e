"""The records that cross files.

Axes, the same letters everywhere: S runs, K networks, G loss rows, B batch, N examples, C classes, E epochs.
All code is written for one run; `jnl/parallel/` adds the S axis.
"""

from collections.abc import Callable
from typing import NamedTuple

import optax
from jax import Array

from jnl.core.memory import Arrays, ExampleWeighting, Memory
from jnl.core.suspects import Suspects
from jnl.core.train_state import TrainContext, TrainState


class StepContext(NamedTuple):
    """All that a strategy may know besides logits and labels."""

    epoch: Array  # i32[]
    batch: Array  # i32[] position of the batch in its epoch
    steps: Array | int  # i32[] batches of an epoch
    keep_counts: Array  # i32[B + 1] how many of n examples to keep in this epoch, for n = 0..B
    example_index: Array  # i32[B] which examples these are
    inputs: Array  # theirs as stored, [B, ...]
    weights: Array  # f32[B] what each of them counts, 1 unless `Strategy.example_weights` says otherwise
    progress: Array  # f32[] share of the training that is done
    key: Array  # of this step
    memory: Arrays  # what the strategy remembers from the batches before
    strategy_params: Arrays | None = None  # the strategy's own parameters, [K, ...] each
    features: Array | None = None  # f32[K, B, D] what the last layer of each network sees


class Selection(NamedTuple):
    """What a strategy answers: a masked per-example loss. G = K where each network has its own loss, G = 1 if joint."""

    loss: Array  # f32[G, B]
    mask: Array  # bool[G, B] which examples train row g
    denominator: Array  # f32[G] what each row's masked sum is divided by
    memory: Arrays | None = None  # what to remember from now on; None: no change
    eligible: Array | None = None  # bool[B] among which it chose; None: among all


class StepOutput(NamedTuple):
    """What a step leaves for the metrics."""

    objective: Array  # f32[G]
    selection: Selection
    logits: Array  # f32[K, B, C] before the update
    example_index: Array  # i32[B] or i32[K, B] which examples these are


StepFn = Callable[[TrainState, StepContext], tuple[TrainState, StepOutput]]


class Strategy(NamedTuple):
    """One method: how many networks it trains and which examples train them; most need no more than that."""

    num_nets: int
    # (logits f32[K, B, C], labels i32[B], context)
    select: Callable[[Array, Array, StepContext], Selection] | None = None
    uses_forget_rate: bool = False  # it reads `StepContext.keep_counts`, so a forget rate matters to it
    memory: Memory | None = None
    init_params: Callable[[int, int], Arrays] | None = (
        None  # (classes, features) -> parameters of its own for a network
    )
    gradient_transform: optax.GradientTransformation = optax.identity()  # of the gradient, before the optimiser
    example_weights: ExampleWeighting | None = None
    suspects: Suspects | None = None  # whose labels it takes for wrong; None: what it leaves out says nothing of labels
    reset_epoch: int = 0  # epoch in which the networks start afresh, the schedules too
    learning_rate_divisor: Callable[[Array], Array] | None = (
        None  # (epoch i32[]) -> f32[], the learning rate is divided by it
    )
    # (logits f32[K, B, C], labels i32[B], memory) -> f32[K, B], on labels that are held out; None: cross entropy.
    validation_loss: Callable[[Array, Array, Arrays], Array] | None = None
    # Instead of `step.update`, which it is given first for where it wants that.
    custom_step: Callable[[StepFn, TrainContext, TrainState, StepContext], tuple[TrainState, StepOutput]] | None = None
