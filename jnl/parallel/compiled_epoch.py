"""An epoch of all runs of a chunk, compiled as one program or in segments.

Training can be saved and stopped between segments.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.train_state import TrainState
from jnl.data.dataset import Dataset, Split
from jnl.parallel import devices
from jnl.parallel.host_feed import BYTES, cut, feed
from jnl.parallel.runs_axis import OfSpec, RunsAxis
from jnl.training import metrics
from jnl.training.epoch import (
    Batches,
    begin_epoch,
    epoch,
    finish_epoch,
    shuffle_batches,
    train_batches,
    validation_loss,
)
from jnl.training.evaluation import OF_VALIDATION, Metrics, Rows, Sums, of_validation, rows, total
from jnl.training.single_run import single_run
from jnl.training.spec import RunInputs, TrainSpec

Segment = TypeVar("Segment", Batches, Rows)


class EpochCarry(NamedTuple):
    """The arrays that all runs of a chunk carry from one segment to the next."""

    states: TrainState
    counts: metrics.Counts  # the counts of this epoch so far


def bytes_of(compiled: jax.stages.Compiled) -> int:
    """Return the memory in bytes that a program needs on each device: arguments, results and intermediate values.

    The result is 0 if the compiler does not report it.
    """
    memory = compiled.memory_analysis()
    if memory is None:
        return 0
    kept = memory.argument_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes
    return int(kept + memory.temp_size_in_bytes)


class WholeEpoch:
    """An epoch of training and evaluation in one program, with all data on the device."""

    segments = compilations = 1

    def __init__(self, axis: RunsAxis, spec: TrainSpec, data: Dataset, runs: RunInputs, states: TrainState) -> None:
        self._data = data.train, data.test
        self._compiled = axis.compile(OfSpec(training_epoch, spec), self._data, runs, states)
        self.bytes = bytes_of(self._compiled)

    def as_text(self) -> str:
        """Return the text of the compiled program."""
        return str(self._compiled.as_text())

    def feed(self, runs: RunInputs, number: Array, first: int) -> Iterator[None]:
        """Yield None once, because all data are already on the device."""
        yield None

    def __call__(
        self, runs: RunInputs, carry: EpochCarry, fed: None, number: Array, segment: int
    ) -> tuple[EpochCarry, Metrics | None]:
        """Train and evaluate epoch `number`, and return the new carry and the metrics."""
        states, measured = self._compiled(self._data, runs, carry.states, number)
        return carry._replace(states=states), measured


class SegmentedEpoch:
    """An epoch in segments. Training inputs that do not fit on the device are streamed from the host.

    It calls the same functions as the whole epoch, in the same order, and sums in the same order. So the bits of a
    result do not depend on where an epoch is cut. There is one exception: under `vmap` the compiler fuses the sums of
    all runs in a different way in each program, so the last bits may differ.
    """

    def __init__(
        self, axis: RunsAxis, spec: TrainSpec, data: Dataset, inputs: np.ndarray, runs: RunInputs, states: TrainState
    ) -> None:
        self._axis, self._spec, self._data, self._inputs = axis, spec, data, inputs
        counts, sums, held_out = zero_counts(axis, spec, runs), self._no_sums(runs), self._held_out(runs)
        self._training_cuts = cut(spec.steps, spec.segments)
        pieces = 1 + held_out.example_index.size * self._inputs[0].nbytes // BYTES
        self._validation_cuts = cut(held_out.example_index.shape[1], pieces) if spec.streams else []
        self._begin = axis.compile(OfSpec(begin, spec), data.train, runs, states)
        self._order = axis.compile(OfSpec(order, spec), (), runs, (), keep_per_run=True)
        every = jax.eval_shape(jax.vmap(partial(shuffle_batches, spec), (0, None)), runs, 0)
        self._train = {
            length: axis.compile(
                OfSpec(training_segment, spec),
                data.train,
                runs,
                EpochCarry(states, counts),
                self._abstract(every, length),
            )
            for length in {segment.stop - segment.start for segment in self._training_cuts}
        }
        self._validate = {
            length: axis.compile(
                OfSpec(validation_segment, spec), data.train, runs, (states, sums), self._abstract(held_out, length)
            )
            for length in {segment.stop - segment.start for segment in self._validation_cuts}
        }
        self._finish = axis.compile(OfSpec(finish, spec), (data.train, data.test), runs, states, counts, sums)
        programs = [self._begin, self._order, self._finish, *self._train.values(), *self._validate.values()]
        self.segments, self.compilations = len(self._training_cuts), len(self._train)
        self.bytes = max(map(bytes_of, programs))

    def feed(self, runs: RunInputs, number: Array, first: int) -> Iterator[Batches]:
        """Yield the segments of epoch `number` on the device, starting with segment `first`."""
        _, batches = self._order((), runs, (), number)
        return self._fed(batches, self._training_cuts[first:])

    def __call__(
        self, runs: RunInputs, carry: EpochCarry, fed: Batches, number: Array, segment: int
    ) -> tuple[EpochCarry, Metrics | None]:
        """Train one segment of an epoch.

        Args:
          runs: the runs of the chunk.
          carry: the carry before the segment.
          fed: the batches of the segment, from `feed`.
          number: i32[] number of the epoch.
          segment: number of the segment in the epoch.

        Returns:
          The new carry, and the metrics of the epoch after its last segment, else None.
        """
        train = self._data.train
        if segment == 0:
            states, _ = self._begin(train, runs, carry.states, number)
            carry = carry._replace(states=states)
        carry, _ = self._train[len(fed.position[0])](train, runs, carry, number, fed)
        if segment + 1 < self.segments:
            return carry, None
        states, sums = carry.states, self._no_sums(runs)
        for some in self._fed(self._held_out(runs), self._validation_cuts):
            (states, sums), _ = self._validate[some.example_index.shape[1]](train, runs, (states, sums), number, some)
        data = train, self._data.test
        states, measured = self._finish(data, runs, states, number, carry.counts, sums)
        return EpochCarry(states, zero_counts(self._axis, self._spec, runs)), measured

    def _fed(self, of: Segment, segments: Sequence[slice]) -> Iterator[Segment]:
        """Yield segments of batches or rows on the device. They contain their inputs if inputs are streamed."""
        index = np.asarray(devices.gather(of.example_index)) if self._spec.streams else None
        fetched = repeat(None) if index is None else feed(self._inputs, index, segments)
        for segment, inputs in zip(segments, fetched, strict=False):
            some: Segment = jax.tree.map(itemgetter((slice(None), segment)), of)
            yield self._axis.shard(some._replace(inputs=cast(Array, inputs)))

    def _abstract(self, of: Segment, length: int) -> Segment:
        """Return the shapes and dtypes of a segment of `length` batches."""

        def shape(leaf: Array) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((leaf.shape[0], length, *leaf.shape[2:]), leaf.dtype)

        some: Segment = jax.tree.map(shape, of)
        if self._spec.streams:
            inputs = jax.ShapeDtypeStruct((*some.example_index.shape, *self._inputs.shape[1:]), self._inputs.dtype)
            some = some._replace(inputs=cast(Array, inputs))
        return self._axis.abstract(some)

    def _no_sums(self, runs: RunInputs) -> Sums:
        """Return the sums over held-out examples before the first one: f32[S, K] zeros.

        The result is empty if there are no held-out examples, or if their inputs are on the device.
        """
        number, held_out = runs.validation_index.shape
        names = OF_VALIDATION if self._spec.streams and held_out else ()
        return self._axis.shard({name: jnp.zeros((number, self._spec.num_nets)) for name in names})

    def _held_out(self, runs: RunInputs) -> Rows:
        """Return the batches of the examples that each run holds out for validation."""
        index = devices.gather(runs.validation_index)
        return jax.vmap(partial(rows, size=self._spec.batch_size))(index)


def training_epoch(
    spec: TrainSpec, data: tuple[Split, Split | None], run: RunInputs, state: TrainState, number: Array
) -> tuple[TrainState, Metrics]:
    """Train and evaluate one run for an epoch."""
    return epoch(spec, *data, run, state, number)


def begin(spec: TrainSpec, train: Split, run: RunInputs, state: TrainState, number: Array) -> tuple[TrainState, tuple]:
    """Begin an epoch."""
    return begin_epoch(single_run(spec, train, run), state, number), ()


def order(spec: TrainSpec, shared: tuple, run: RunInputs, carry: tuple, number: Array) -> tuple[tuple, Batches]:
    """Return the batches of an epoch, which depend on nothing that is shared or carried."""
    return (), shuffle_batches(spec, run, number)


def training_segment(
    spec: TrainSpec, train: Split, run: RunInputs, carry: EpochCarry, number: Array, some: Batches
) -> tuple[EpochCarry, tuple]:
    """Train on some batches of an epoch."""
    return EpochCarry(*train_batches(single_run(spec, train, run), *carry, number, some)), ()


def validation_segment(
    spec: TrainSpec, train: Split, run: RunInputs, carry: tuple[TrainState, Sums], number: Array, some: Rows
) -> tuple[tuple[TrainState, Sums], tuple]:
    """Add some held-out examples to the sums."""
    state, sums = carry
    single = single_run(spec, train, run)
    per_example = of_validation(validation_loss(single, state))
    return (state, total(per_example, single.predict_fn(state), train.inputs, run.labels, some, sums)), ()


def finish(
    spec: TrainSpec,
    data: tuple[Split, Split | None],
    run: RunInputs,
    state: TrainState,
    number: Array,
    counts: metrics.Counts,
    sums: Sums,
) -> tuple[TrainState, Metrics]:
    """Finish an epoch, and return its metrics."""
    held_out = {name: sum / len(run.validation_index) for name, sum in sums.items()}
    train, test = data
    return finish_epoch(single_run(spec, train, run), test, state, counts, held_out if spec.streams else None)


def zero_counts(axis: RunsAxis, spec: TrainSpec, runs: RunInputs) -> metrics.Counts:
    """Return the counts of all runs before the first batch of an epoch: f32[S] zeros."""
    return axis.shard(jax.tree.map(lambda count: jnp.full(len(runs.seed), count), metrics.zero_counts(spec.metrics)))
