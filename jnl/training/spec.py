"""The records that describe a program: what all its runs share, and what may differ between them."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from jax import Array

from jnl.core.example_weights import OutOfSample
from jnl.core.network import Network
from jnl.core.strategy import Strategy
from jnl.ops.augment import Augment
from jnl.training.optimizers import Optimizer

Result = TypeVar("Result")


class RunInputs(NamedTuple):
    """What may differ between the runs of one program. All fields are arrays, so that the runs axis can be added."""

    seed: Array  # u32[] the root of all randomness of the run: initial weights, data order, dropout
    labels: Array  # i32[N] noisy labels
    weights: Array  # f32[N] weight of each example
    transition: Array  # f32[C, C] true noise P(noisy | clean), for strategies that are given it
    train_index: Array  # i32[N_train] rows that train
    validation_index: Array  # i32[N_validation] rows that are held out; their labels are noisy too
    keep_counts: Array  # i32[E, B + 1] entry n of a row is the number of n examples to keep in that epoch
    learning_rate: Array  # f32[E]
    beta1: Array  # f32[E]
    hyper: dict[str, Array]  # the hyperparameters of the strategy that are floats, f32[] each
    outside: OutOfSample | None = None  # out-of-sample predictions, if the strategy computes weights by folds


class TrainSpec(NamedTuple):
    """What is the same for all runs of a program. Its fields are static under jit."""

    model: Network
    make_strategy: Callable[..., Strategy]  # called with the run's hyperparameters; equal ones make equal strategies
    num_nets: int
    batch_size: int
    steps: int  # number of batches in an epoch; an incomplete last batch is dropped
    optimizer: Optimizer = Optimizer("adam", 0.0, 0.0)
    balanced: bool = False  # whether every class has the same share of the batches of an epoch
    streams: bool = False  # whether training inputs are streamed from the host
    segments: int = 1  # number of segments of an epoch; training can be saved and stopped between segments
    augment: Augment = Augment()
    metrics: tuple[str, ...] = ()  # metrics of other packages
    only_jnl_code: bool = False  # then an equal spec computes the same later in the process; other code may change
    shard_batch: Callable[[Array], Array] = lambda batch: batch  # spreads the examples of a batch over devices

    def strategy(self, run: RunInputs) -> Strategy:
        """Return the strategy at the hyperparameters of a run."""
        return self.make_strategy(**run.hyper)

    def cached(self, function: Callable[..., Result]) -> Callable[..., Result]:
        """Return a function under `lru_cache`, without its cache unless all code of the spec is jnl's."""
        return function if self.only_jnl_code else function.__wrapped__  # type: ignore[attr-defined]
