"""What a program is made of, and what its runs differ in."""

from collections.abc import Callable
from typing import NamedTuple

from flax import linen as nn
from jax import Array

from jnl.core.memory import OutOfSample
from jnl.core.strategy import Strategy
from jnl.ops.augment import Augment
from jnl.training.optimizers import Optimizer


class RunInputs(NamedTuple):
    """What may differ between the runs of one program: arrays only, so that a runs axis can be put before them."""

    seed: Array  # u32[] the root of all randomness of the run: initial weights, data order, dropout
    labels: Array  # i32[N] noisy labels
    weights: Array  # f32[N] what each example counts
    transition: Array  # f32[C, C] the true noise, for strategies that are told to know it
    train_index: Array  # i32[N_train] rows that train
    validation_index: Array  # i32[N_validation] rows held out, noisy as they are
    keep_counts: Array  # i32[E, B + 1] keep-count table
    learning_rate: Array  # f32[E]
    beta1: Array  # f32[E]
    hyper: dict[str, Array]  # the strategy's number hyper-values, f32[]
    outside: OutOfSample | None = None  # of strategies that weigh by folds


class TrainSpec(NamedTuple):
    """What is the same for all runs of a program, and static in it."""

    model: nn.Module
    make_strategy: Callable[..., Strategy]  # called with the run's hyper-values
    num_nets: int
    batch_size: int
    steps: int  # batches per epoch; what is left of the last one is dropped
    optimizer: Optimizer = Optimizer("adam", 0.0, 0.0)
    balanced: bool = False  # each class has the same share of the batches of an epoch
    streams: bool = False  # inputs come from the host, batch after batch
    segments: int = 1  # of an epoch, between which the training can be saved and stopped
    augment: Augment = Augment()
    shard_batch: Callable[[Array], Array] = lambda batch: batch  # spreads the examples of a batch over devices

    def strategy(self, run: RunInputs) -> Strategy:
        """Return the strategy at the hyper-values of a run."""
        return self.make_strategy(**run.hyper)
