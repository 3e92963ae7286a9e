"""Work on the states of all runs outside the compiled epoch: predictions, and the `HostCallback` of a strategy."""

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter

import jax
import numpy as np
from jax import Array

from jnl.core.memory import HostCallback
from jnl.core.train_state import TrainState, no_features
from jnl.data.dataset import Split
from jnl.parallel import devices
from jnl.parallel.runs_axis import RunsAxis
from jnl.training.evaluation import predict_all, predictor
from jnl.training.spec import RunInputs, TrainSpec

OfChunk = Callable[[Array, RunInputs, TrainState], np.ndarray]  # (inputs, runs, states) of a chunk -> [S, ...]


class HostWork:
    """The computations on the states of the runs of a chunk whose results are needed on the host."""

    def __init__(self, axis: RunsAxis, spec: TrainSpec, train: Split, runs: Sequence[RunInputs]) -> None:
        """Prepare the work; `runs` are the runs of all chunks, on the host."""
        self._axis, self._spec, self._train, self._runs = axis, spec, train, runs
        self._callbacks = [_callback(spec, run) for run in runs]

    @cached_property
    def held_out(self) -> OfChunk:
        """The function that returns class probabilities of held-out rows of inputs: f32[S, K, N_validation, C]."""
        return self._of_each_run(lambda inputs, run, state: self._probabilities(inputs[run.validation_index], state))

    @cached_property
    def predictions(self) -> OfChunk:
        """The function that returns class probabilities of all inputs: f32[S, K, N, C]."""
        return self._of_each_run(lambda inputs, run, state: self._probabilities(inputs, state))

    def _probabilities(self, inputs: Array, state: TrainState) -> Array:
        """Return class probabilities f32[K, N, C] of one run."""
        return jax.nn.softmax(self._predict_all(inputs, state)[0])

    def _predict_all(self, inputs: Array, state: TrainState) -> tuple[Array, Array | None]:
        """Return logits f32[K, N, C] and features f32[K, N, D] of one run."""
        return predict_all(predictor(self._spec, state), inputs, self._spec.batch_size)

    @cached_property
    def _features(self) -> OfChunk:
        """The function that returns the features of all inputs: f32[S, K, N, D]."""

        def one(inputs: Array, run: RunInputs, state: TrainState) -> Array:
            _, features = self._predict_all(inputs, state)
            if features is None:
                raise no_features()
            return features

        return self._of_each_run(one)

    def before_epoch(self, epoch: int, first: int, runs: RunInputs, state: TrainState) -> TrainState:
        """Run the host callback of the strategy for each run. The memory of a failed run does not change.

        Args:
          epoch: the epoch that begins.
          first: number of the first run of the chunk.
          runs: the runs of the chunk.
          state: the states of the chunk.

        Returns:
          The states with the new memory, or `state` if there is no work before this epoch.
        """
        callback = self._callbacks[first % len(self._runs)]
        if callback is None or not callback.due(epoch):
            return state
        features, old = self._features(self._train.inputs, runs, state), devices.gather(state.memory)
        failed, new = devices.gather(state.failed), []
        for position, mine in enumerate(features):
            run = (first + position) % len(self._runs)
            own, labels = jax.tree.map(itemgetter(position), old), np.asarray(self._runs[run].labels)
            callback = self._callbacks[run]
            assert callback is not None
            new.append(own if failed[position] else callback.work(own, mine, labels))
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *new)
        return state._replace(memory=self._axis.shard(stacked))

    def _of_each_run(self, one: Callable[[Array, RunInputs, TrainState], Array]) -> OfChunk:
        """Turn a function of one run into a function of all runs of a chunk."""
        program = self._axis.one_by_one(lambda inputs, both: one(inputs, *both))

        def of_chunk(inputs: Array, runs: RunInputs, state: TrainState) -> np.ndarray:
            return devices.gather(program(inputs, runs, self._axis.shard(state)))

        return of_chunk


def _callback(spec: TrainSpec, run: RunInputs) -> HostCallback | None:
    """Return the host callback of the strategy at the hyperparameters of a run, or None if it has none."""
    hyper = {name: float(value) for name, value in run.hyper.items()}
    memory = spec.make_strategy(**hyper).memory
    return memory.host if memory else None
