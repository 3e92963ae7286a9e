"""What is computed of each run between epochs: predictions, and the work of a strategy that JAX cannot do."""

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

OfChunk = Callable[[RunInputs, TrainState], np.ndarray]  # of all runs of a chunk, on the host


class HostWork:
    """Computes on the host what follows from the states of the runs of a chunk."""

    def __init__(self, axis: RunsAxis, spec: TrainSpec, train: Split, runs: Sequence[RunInputs]) -> None:
        """`runs` are those of all chunks, on the host."""
        self._axis, self._spec, self._train, self._runs = axis, spec, train, runs
        self._callbacks = [_callback(spec, run) for run in runs]

    @cached_property
    def held_out(self) -> OfChunk:
        """Probabilities of the examples that each run holds out for validation: f32[S, K, N_validation, C]."""

        def one(train: Split, both: tuple[RunInputs, TrainState]) -> Array:
            run, state = both
            predict_fn = predictor(self._spec.model, state, self._spec.augment, self._spec.shard_batch)
            logits, _ = predict_all(predict_fn, train.inputs[run.validation_index], self._spec.batch_size)
            return jax.nn.softmax(logits)

        return self._of_each_run(one)

    @cached_property
    def _features(self) -> OfChunk:
        def one(train: Split, both: tuple[RunInputs, TrainState]) -> Array:
            predict_fn = predictor(self._spec.model, both[1], self._spec.augment, self._spec.shard_batch)
            _, features = predict_all(predict_fn, train.inputs, self._spec.batch_size)
            if features is None:
                raise no_features(self._spec.model)
            return features

        return self._of_each_run(one)

    def before_epoch(self, epoch: int, first: int, runs: RunInputs, state: TrainState) -> TrainState:
        """Let the strategy change the memory of each run before an epoch; runs that have failed keep theirs.

        Args:
          epoch: the next one.
          first: number of the first run of the chunk.
          runs: of the chunk.
          state: of the chunk.
        """
        callback = self._callbacks[first % len(self._runs)]
        if callback is None or not callback.due(epoch):
            return state
        features, old = self._features(runs, state), devices.gather(state.memory)
        failed, new = devices.gather(state.failed), []
        for position, mine in enumerate(features):
            run = (first + position) % len(self._runs)
            own, labels = jax.tree.map(itemgetter(position), old), np.asarray(self._runs[run].labels)
            callback = self._callbacks[run]
            assert callback is not None
            new.append(own if failed[position] else callback.work(own, mine, labels))
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *new)
        return state._replace(memory=self._axis.shard(stacked))

    def _of_each_run(self, one: Callable[[Split, tuple[RunInputs, TrainState]], Array]) -> OfChunk:
        program = self._axis.one_by_one(one)

        def of_chunk(runs: RunInputs, state: TrainState) -> np.ndarray:
            return devices.gather(program(self._train, runs, self._axis.shard(state)))

        return of_chunk


def _callback(spec: TrainSpec, run: RunInputs) -> HostCallback | None:
    hyper = {name: float(value) for name, value in run.hyper.items()}
    memory = spec.make_strategy(**hyper).memory
    return memory.host if memory else None
