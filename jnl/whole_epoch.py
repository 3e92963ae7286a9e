"""An epoch of all runs of a chunk: as one program whose data are on the device, or fed piece by piece from the host."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Protocol, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl import devices, metrics
from jnl.data.dataset import Dataset, Split
from jnl.data.feed import cut, feed
from jnl.epoch import Batches, begin, epoch, train_on
from jnl.evaluation import Rows, Sums, evaluate, of_validation, predictor, rows, total
from jnl.networks import State
from jnl.recipe import Recipe, Run

Tree = TypeVar("Tree")
Piece = TypeVar("Piece", Batches, Rows)
Metrics = dict[str, Array]
OfRun = Callable[..., tuple]  # (shared, run, carried, extra, number) -> (carried, result)


class RunsAxis(Protocol):
    """How a function of one run becomes one of all runs of a chunk, whose arrays start with their axis."""

    def compile(
        self, function: OfRun, shared: object, runs: Run, carried: object, extra: object, keep_apart: bool = False
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


class ResidentEpoch:
    """Training and evaluation in one program, with all data on the device."""

    compilations = 1

    def __init__(self, axis: RunsAxis, recipe: Recipe, data: Dataset, runs: Run, states: State) -> None:
        def training_epoch(
            data: tuple[Split, Split | None], run: Run, state: State, extra: tuple, number: Array
        ) -> tuple[State, Metrics]:
            return epoch(recipe, *data, run, state, number)

        self._data = data.train, data.test
        self._compiled = axis.compile(training_epoch, self._data, runs, states, ())
        self.bytes = bytes_of(self._compiled)

    def __call__(self, runs: Run, states: State, number: Array) -> tuple[State, Metrics]:
        """Trains epoch `number`: -> states, metrics."""
        return self._compiled(self._data, runs, states, (), number)


class StreamedEpoch:
    """Training and validation are fed from the host; the test set is on the device.

    The functions are those of the resident epoch, in the same order, and what they add up they add up one after the
    other, so the bits are the same wherever an epoch is cut.
    """

    def __init__(
        self, axis: RunsAxis, recipe: Recipe, data: Dataset, inputs: np.ndarray, runs: Run, states: State
    ) -> None:
        self._axis, self._data, self._inputs = axis, data, inputs
        self._num_nets, self._size = recipe.num_nets, recipe.batch_size

        def before(train: Split, run: Run, state: State, extra: tuple, number: Array) -> tuple[State, Batches]:
            return begin(recipe, train, run, state, number)

        def training_piece(
            train: Split, run: Run, carried: tuple[State, metrics.Counts], batches: Batches, number: Array
        ) -> tuple[tuple[State, metrics.Counts], tuple]:
            return train_on(recipe, train, run, *carried, number, batches), ()

        def validation_piece(
            train: Split, run: Run, carried: tuple[State, Sums], some: Rows, number: Array
        ) -> tuple[tuple[State, Sums], tuple]:
            state, sums = carried
            say = predictor(recipe.model, state, recipe.augment, recipe.spread)
            return (state, total(of_validation, say, train.inputs, run.labels, some, sums)), ()

        def after(
            test: Split | None, run: Run, state: State, extra: tuple[metrics.Counts, Sums], number: Array
        ) -> tuple[State, Metrics]:
            counts, sums = extra
            tested = evaluate(predictor(recipe.model, state, recipe.augment, recipe.spread), test, recipe.batch_size)
            held_out = {name: sum / len(run.validation_index) for name, sum in sums.items()}
            return state, metrics.training(counts) | tested | held_out

        batches = jax.eval_shape(jax.vmap(partial(begin, recipe, data.train), (0, 0, None)), runs, states, 0)[1]
        bytes_per_step = batches.index.size // recipe.steps * inputs[0].nbytes
        counts, sums = self._nothing(runs)
        held_out = self._held_out(runs)
        self._pieces = cut(recipe.steps, bytes_per_step)
        self._looks = cut(held_out.index.shape[1], bytes_per_step)
        self._before = axis.compile(before, data.train, runs, states, (), keep_apart=True)
        self._train_on = {
            length: axis.compile(training_piece, data.train, runs, (states, counts), self._like(batches, length))
            for length in {piece.stop - piece.start for piece in self._pieces}
        }
        self._look_at = {
            length: axis.compile(validation_piece, data.train, runs, (states, sums), self._like(held_out, length))
            for length in {piece.stop - piece.start for piece in self._looks}
        }
        self._after = axis.compile(after, data.test, runs, states, (counts, sums))
        every = [self._before, self._after, *self._train_on.values(), *self._look_at.values()]
        self.compilations, self.bytes = len(self._train_on), max(map(bytes_of, every))

    def __call__(self, runs: Run, states: State, number: Array) -> tuple[State, Metrics]:
        """Trains epoch `number`: -> states, metrics."""
        counts, sums = self._nothing(runs)
        states, batches = self._before(self._data.train, runs, states, (), number)
        for piece, some in self._fed(batches, self._pieces):
            (states, counts), _ = self._train_on[piece](self._data.train, runs, (states, counts), some, number)
        for piece, some in self._fed(self._held_out(runs), self._looks):
            (states, sums), _ = self._look_at[piece](self._data.train, runs, (states, sums), some, number)
        return self._after(self._data.test, runs, states, (counts, sums), number)

    def _fed(self, of: Piece, pieces: Sequence[slice]) -> Iterator[tuple[int, Piece]]:
        """Pieces of batches or rows with their inputs, and how long they are."""
        fetched = feed(self._inputs, np.asarray(devices.fetch(of.index)), pieces)
        for piece, inputs in zip(pieces, fetched, strict=True):
            some: Piece = jax.tree.map(itemgetter((slice(None), piece)), of)
            yield piece.stop - piece.start, self._axis.place(some._replace(inputs=cast(Array, inputs)))

    def _like(self, of: Piece, length: int) -> Piece:
        """The shapes of a piece with its inputs."""

        def shape(leaf: Array) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((leaf.shape[0], length, *leaf.shape[2:]), leaf.dtype)

        some: Piece = jax.tree.map(shape, of)
        inputs = jax.ShapeDtypeStruct((*some.index.shape, *self._inputs.shape[1:]), self._inputs.dtype)
        return self._axis.like(some._replace(inputs=cast(Array, inputs)))

    def _nothing(self, runs: Run) -> tuple[metrics.Counts, Sums]:
        """Counts and sums before the first example."""
        number, held_out = runs.validation_index.shape
        counts = jax.tree.map(lambda count: jnp.full(number, count), metrics.nothing())
        sums = {"validation_accuracy": jnp.zeros((number, self._num_nets))} if held_out else {}
        return self._axis.place((counts, sums))

    def _held_out(self, runs: Run) -> Rows:
        """What is held out for validation, as batches."""
        index = devices.fetch(runs.validation_index)
        return jax.vmap(partial(rows, size=self._size))(index)
