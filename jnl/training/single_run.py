"""One run inside jit: its strategy, its random keys, its optimizer and its initial state."""

from enum import IntEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from jnl.core.memory import Arrays, MemoryInit
from jnl.core.strategy import Strategy
from jnl.core.train_state import TrainState, init
from jnl.data.dataset import Split
from jnl.training.evaluation import PredictFn, predictor
from jnl.training.spec import RunInputs, TrainSpec


class Purpose(IntEnum):
    """The purpose of a random key of a run. Every published result depends on these numbers, so never change one."""

    INITIAL_WEIGHTS = 0
    BATCHES = 1
    MEMORY = 2
    WEIGHTS_AFTER_RESET = 3


def run_key(run: RunInputs, purpose: Purpose) -> Array:
    """Return the random key of a run for one purpose. It depends only on the seed and is the same on every platform."""
    return jax.random.fold_in(jax.random.key(run.seed, impl="threefry2x32"), int(purpose))


class SingleRun(NamedTuple):
    """One run while JAX traces it. `single_run` makes it, with the strategy at the hyperparameters of the run."""

    spec: TrainSpec
    train: Split
    run: RunInputs
    strategy: Strategy

    def optimizer(self, epoch: Array | int) -> optax.GradientTransformation:
        """Return the optimizer with the learning rate and beta1 of an epoch."""
        rate = self.run.learning_rate[epoch]
        if self.strategy.learning_rate_divisor is not None:
            rate = rate / self.strategy.learning_rate_divisor(jnp.asarray(epoch))
        return optax.chain(self.strategy.gradient_transform, self.spec.optimizer(rate, self.run.beta1[epoch]))

    def predict_fn(self, state: TrainState) -> PredictFn:
        """Return the function that predicts with the networks of `state`, in evaluation mode."""
        return predictor(self.spec, state)

    def new_networks(self, purpose: Purpose) -> TrainState:
        """Return a state with new networks and optimizers. Its memory is still empty."""
        sample = self.spec.augment.evaluate(self.train.inputs[:1])
        return init(
            self.spec.model,
            self.spec.num_nets,
            self.optimizer(0),
            run_key(self.run, purpose),
            sample,
            len(self.run.labels),
            self.strategy.init_params,
        )


def single_run(spec: TrainSpec, train: Split, run: RunInputs) -> SingleRun:
    """Return a run with its strategy. No other jitted code makes a strategy."""
    return SingleRun(spec, train, run, spec.strategy(run))


def init_state(spec: TrainSpec, train: Split, run: RunInputs) -> TrainState:
    """Return the state of one run before its first epoch."""
    single = single_run(spec, train, run)
    state, memory = single.new_networks(Purpose.INITIAL_WEIGHTS), single.strategy.memory
    trains = jnp.zeros(run.labels.shape, bool).at[run.train_index].set(True)
    memory_init = MemoryInit(run_key(run, Purpose.MEMORY), run.labels, trains, run.transition, state)
    return state._replace(memory=memory.init(memory_init) if memory else {}, suspicion=_no_evidence(single, trains))


def _no_evidence(single: SingleRun, trains: Array) -> Arrays:
    """Return what `TrainState.suspicion` holds before the first batch."""
    run, suspects = single.run, single.strategy.suspects
    if suspects is not None and suspects.counted:
        return {"times": jnp.zeros((len(run.labels), 2), jnp.int32)}
    if run.outside is None:
        return {}
    return {"dropped": (run.weights == 0) & trains, **run.outside._asdict()}
