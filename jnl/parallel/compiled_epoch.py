"""An epoch of all runs of a chunk: as one program, or in pieces, between which a training can be saved and stopped."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple, Protocol, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.train_state import TrainState
from jnl.data.dataset import Dataset, Split
from jnl.parallel import devices
from jnl.parallel.host_feed import BYTES, cut, feed
from jnl.training import metrics
from jnl.training.epoch import Batches, begin, end, epoch, order, train_on, validation_loss
from jnl.training.evaluation import OF_VALIDATION, Rows, Sums, of_validation, predictor, rows, total
from jnl.training.spec import RunInputs, TrainSpec

Tree = TypeVar("Tree")
Piece = TypeVar("Piece", Batches, Rows)
Metrics = dict[str, Array]
OfRun = Callable[..., tuple]  # (shared, run, carried, extra, number) -> (carried, result)


class EpochCarry(NamedTuple):
    """What goes from piece to piece, of all runs of a chunk."""

    states: TrainState
    counts: metrics.Counts  # of the pieces of this epoch


class RunsAxis(Protocol):
    """How a function of one run becomes one of all runs of a chunk, whose arrays start with their axis."""

    def compile(
        self, function: OfRun, shared: object, runs: RunInputs, carried: object, extra: object, keep_apart: bool = False
    ) -> jax.stages.Compiled:
        """`function`, ahead of time; what it carries is given up for the new."""

    def like(self, tree: Tree) -> Tree:
        """The shapes of arrays that are spread over the runs."""

    def place(self, tree: Tree) -> Tree:
        """Spreads arrays over the runs."""


def bytes_of(compiled: jax.stages.Compiled) -> int:
    """What it needs on each device: arguments, results and what it computes in between."""
    memory = compiled.memory_analysis()
    if memory is None:
        return 0
    kept = memory.argument_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes
    return int(kept + memory.temp_size_in_bytes)


class WholeEpoch:
    """Training and evaluation in one program, with all data on the device."""

    pieces = compilations = 1

    def __init__(self, axis: RunsAxis, recipe: TrainSpec, data: Dataset, runs: RunInputs, states: TrainState) -> None:
        def training_epoch(
            data: tuple[Split, Split | None], run: RunInputs, state: TrainState, extra: tuple, number: Array
        ) -> tuple[TrainState, Metrics]:
            return epoch(recipe, *data, run, state, number)

        self._data = data.train, data.test
        self._compiled = axis.compile(training_epoch, self._data, runs, states, ())
        self.bytes = bytes_of(self._compiled)

    def feed(self, runs: RunInputs, number: Array, first: int) -> Iterator[None]:
        """Nothing has to be brought to the device."""
        yield None

    def __call__(
        self, runs: RunInputs, carried: EpochCarry, fed: None, number: Array, piece: int
    ) -> tuple[EpochCarry, Metrics | None]:
        """Trains epoch `number`; its metrics."""
        states, measured = self._compiled(self._data, runs, carried.states, (), number)
        return carried._replace(states=states), measured


class PiecewiseEpoch:
    """Piece by piece; inputs that do not fit the device are fed from the host, but for those of the test set.

    The functions are those of the whole epoch, in the same order, and what they add up they add up one after the
    other, so the bits do not depend on where an epoch is cut (but the last ones may under `vmap`, where the compiler
    fuses the sums of all runs, in each program in its own way).
    """

    def __init__(
        self, axis: RunsAxis, recipe: TrainSpec, data: Dataset, inputs: np.ndarray, runs: RunInputs, states: TrainState
    ) -> None:
        self._axis, self._data, self._inputs = axis, data, inputs
        self._streams, self._num_nets, self._size = recipe.streams, recipe.num_nets, recipe.batch_size

        def before(
            train: Split, run: RunInputs, state: TrainState, extra: tuple, number: Array
        ) -> tuple[TrainState, tuple]:
            return begin(recipe, train, run, state, number), ()

        def batches(
            shared: tuple, run: RunInputs, nothing: tuple, extra: tuple, number: Array
        ) -> tuple[tuple, Batches]:
            return (), order(recipe, run, number)

        def training_piece(
            train: Split, run: RunInputs, carried: EpochCarry, some: Batches, number: Array
        ) -> tuple[EpochCarry, tuple]:
            return EpochCarry(*train_on(recipe, train, run, *carried, number, some)), ()

        def validation_piece(
            train: Split, run: RunInputs, carried: tuple[TrainState, Sums], some: Rows, number: Array
        ) -> tuple[tuple[TrainState, Sums], tuple]:
            state, sums = carried
            say = predictor(recipe.model, state, recipe.augment, recipe.spread)
            judge = of_validation(validation_loss(recipe, run, state))
            return (state, total(judge, say, train.inputs, run.labels, some, sums)), ()

        def after(
            data: tuple[Split, Split | None],
            run: RunInputs,
            state: TrainState,
            extra: tuple[metrics.Counts, Sums],
            number: Array,
        ) -> tuple[TrainState, Metrics]:
            counts, sums = extra
            held_out = {name: sum / len(run.validation_index) for name, sum in sums.items()}
            return end(recipe, *data, run, state, counts, held_out if recipe.streams else None)

        counts, sums, held_out = nothing(axis, runs), self._no_sums(runs), self._held_out(runs)
        self._cuts = cut(recipe.steps, recipe.pieces)
        looks = 1 + held_out.example_index.size * self._inputs[0].nbytes // BYTES
        self._looks = cut(held_out.example_index.shape[1], looks) if recipe.streams else []
        self._before = axis.compile(before, data.train, runs, states, ())
        self._order = axis.compile(batches, (), runs, (), (), keep_apart=True)
        every = jax.eval_shape(jax.vmap(partial(order, recipe), (0, None)), runs, 0)
        self._train_on = {
            length: axis.compile(
                training_piece, data.train, runs, EpochCarry(states, counts), self._like(every, length)
            )
            for length in {piece.stop - piece.start for piece in self._cuts}
        }
        self._look_at = {
            length: axis.compile(validation_piece, data.train, runs, (states, sums), self._like(held_out, length))
            for length in {piece.stop - piece.start for piece in self._looks}
        }
        self._after = axis.compile(after, (data.train, data.test), runs, states, (counts, sums))
        programs = [self._before, self._order, self._after, *self._train_on.values(), *self._look_at.values()]
        self.pieces, self.compilations = len(self._cuts), len(self._train_on)
        self.bytes = max(map(bytes_of, programs))

    def feed(self, runs: RunInputs, number: Array, first: int) -> Iterator[Batches]:
        """The pieces of epoch `number` from the `first` on, on the device."""
        _, batches = self._order((), runs, (), (), number)
        return self._fed(batches, self._cuts[first:])

    def __call__(
        self, runs: RunInputs, carried: EpochCarry, fed: Batches, number: Array, piece: int
    ) -> tuple[EpochCarry, Metrics | None]:
        """Trains one piece of epoch `number`; metrics after the last one."""
        train = self._data.train
        if piece == 0:
            states, _ = self._before(train, runs, carried.states, (), number)
            carried = carried._replace(states=states)
        carried, _ = self._train_on[len(fed.position[0])](train, runs, carried, fed, number)
        if piece + 1 < self.pieces:
            return carried, None
        states, sums = carried.states, self._no_sums(runs)
        for some in self._fed(self._held_out(runs), self._looks):
            (states, sums), _ = self._look_at[some.example_index.shape[1]](train, runs, (states, sums), some, number)
        data = train, self._data.test
        states, measured = self._after(data, runs, states, (carried.counts, sums), number)
        return EpochCarry(states, nothing(self._axis, runs)), measured

    def _fed(self, of: Piece, pieces: Sequence[slice]) -> Iterator[Piece]:
        """Pieces of batches or rows, with their inputs where these stream."""
        index = np.asarray(devices.fetch(of.example_index)) if self._streams else None
        fetched = repeat(None) if index is None else feed(self._inputs, index, pieces)
        for piece, inputs in zip(pieces, fetched, strict=False):
            some: Piece = jax.tree.map(itemgetter((slice(None), piece)), of)
            yield self._axis.place(some._replace(inputs=cast(Array, inputs)))

    def _like(self, of: Piece, length: int) -> Piece:
        """The shapes of a piece."""

        def shape(leaf: Array) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((leaf.shape[0], length, *leaf.shape[2:]), leaf.dtype)

        some: Piece = jax.tree.map(shape, of)
        if self._streams:
            inputs = jax.ShapeDtypeStruct((*some.example_index.shape, *self._inputs.shape[1:]), self._inputs.dtype)
            some = some._replace(inputs=cast(Array, inputs))
        return self._axis.like(some)

    def _no_sums(self, runs: RunInputs) -> Sums:
        """Before the first example of what is held out; nothing where the device has it."""
        number, held_out = runs.validation_index.shape
        there = self._streams and held_out
        names = OF_VALIDATION if there else ()
        return self._axis.place({name: jnp.zeros((number, self._num_nets)) for name in names})

    def _held_out(self, runs: RunInputs) -> Rows:
        """What is held out for validation, as batches."""
        index = devices.fetch(runs.validation_index)
        return jax.vmap(partial(rows, size=self._size))(index)


def nothing(axis: RunsAxis, runs: RunInputs) -> metrics.Counts:
    """The counts of all runs before the first batch."""
    return axis.place(jax.tree.map(lambda count: jnp.full(len(runs.seed), count), metrics.nothing()))
