"""The training of several runs in one compiled program, one segment of an epoch after the other."""

import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from typing import NamedTuple, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.train_state import TrainState
from jnl.data.dataset import Dataset
from jnl.parallel import devices
from jnl.parallel.compiled_epoch import EpochCarry, SegmentedEpoch, WholeEpoch, zero_counts
from jnl.parallel.host_feed import BYTES, cut
from jnl.parallel.host_work import HostWork, OfChunk
from jnl.parallel.layout import Layout
from jnl.parallel.runs_axis import OfSpec, RunsAxis, ShardBatch
from jnl.support.errors import UserError
from jnl.training.single_run import init_state
from jnl.training.spec import RunInputs, TrainSpec

Epoch = WholeEpoch | SegmentedEpoch
_log = logging.getLogger(__name__)
AnyTree = TypeVar("AnyTree")


class Cursor(NamedTuple):
    """The position of a training, and the states from which it continues."""

    epoch: int  # the epoch of the next segment
    segment: int  # the next segment of this epoch
    chunks: list[EpochCarry]  # every array is [S, ...]; the memory is reused when the training continues
    measured: dict[str, np.ndarray] | None = None  # [S, ...] metrics of an epoch that has just ended, else None


class MultiRunProgram:
    """The compiled training epoch of all runs.

    If not all runs fit into memory at once, they are trained in chunks of equal size, each with its own state. The last
    chunk is padded with copies of runs, which are not reported.
    """

    def __init__(
        self, spec: TrainSpec, dataset: Dataset, runs: Sequence[RunInputs], layout: Layout, at_once: int = 0
    ) -> None:
        """Compile the epoch for as many runs as fit into memory at once.

        Args:
          spec: what all runs share.
          dataset: the data set of all runs.
          runs: the arrays of each run, with equal shapes.
          layout: the devices of the runs.
          at_once: the maximal number of runs in a chunk; 0 means all runs.
        """
        self.layout, self._axis, self._runs = layout, RunsAxis(layout), runs
        self.train_spec = spec._replace(shard_batch=ShardBatch(self._axis))
        self.compilations, self.compile_seconds = 0, 0.0
        self._inputs = np.asarray(dataset.train.inputs)
        train = dataset.train._replace(inputs=dataset.train.inputs[:1]) if spec.streams else dataset.train
        self._data = dataset._replace(train=self._axis.replicate(train), test=self._axis.replicate(dataset.test))
        self._host_work = HostWork(self._axis, self.train_spec, self._data.train, runs)
        self._compile_chunks(min(at_once or len(runs), len(runs)))
        limit = devices.memory()
        while (needed := self.bytes) > limit and self.at_once > self._axis.rows:
            fit = int(self.at_once * limit / needed)
            _log.warning(
                "%d runs at once need %s on each device, which has only %s; jnl trains fewer at once",
                self.at_once,
                _gib(needed),
                _gib(limit),
            )
            self._compile_chunks(max(1, min(fit, self.at_once - self._axis.rows)))

    @property
    def num_runs(self) -> int:
        """The number of runs that are reported."""
        return len(self._runs)

    @property
    def steps(self) -> int:
        """The number of steps of all runs together in an epoch."""
        return self.train_spec.steps * self.num_runs

    @property
    def segments(self) -> int:
        """The number of segments of an epoch."""
        return self.epoch.segments

    @property
    def bytes(self) -> int:
        """The memory in bytes that the program needs on each device: data, states, results and intermediate values."""
        return self.epoch.bytes

    def _compile_chunks(self, at_once: int) -> None:
        """Cut the runs into equal chunks and compile the programs for one chunk.

        Each row of the mesh gets the same number of runs, at least one. If all runs fit, they are one chunk, else a
        chunk has `at_once` runs at most. The last chunk may be filled with runs that are trained again and not
        reported.
        """
        rows = self._axis.rows
        most = len(self._runs) if at_once >= len(self._runs) else max(rows, at_once // rows * rows)
        number = math.ceil(len(self._runs) / most)
        self.at_once = math.ceil(len(self._runs) / number / rows) * rows
        padded = [self._runs[i % len(self._runs)] for i in range(number * self.at_once)]
        cuts = range(0, len(padded), self.at_once)
        self._chunks = [self._axis.shard(_stack(padded[cut : cut + self.at_once])) for cut in cuts]
        if number > 1:
            _log.warning("%d runs are trained %d at a time, in %d chunks", len(self._runs), self.at_once, number)
        begin = time.perf_counter()
        self._init, self.epoch = self._compile(self._chunks[0])
        self.compile_seconds += time.perf_counter() - begin
        self.compilations += self.epoch.compilations

    def _compile(self, runs: RunInputs) -> tuple[Callable[[RunInputs], TrainState], Epoch]:
        """Compile ahead of time, so that a later change of shapes is an error and not another compilation.

        Return the function that makes the initial states, and the epoch.
        """
        init = self._axis.batched(OfSpec(init_state, self.train_spec))
        states = self._axis.abstract(jax.eval_shape(init, self._data.train, runs))
        with ThreadPoolExecutor() as pool:  # compile both programs at the same time
            compiled = pool.submit(init.lower(self._data.train, runs).compile)
            if self.train_spec.streams or self.train_spec.segments > 1:
                epoch: Epoch = SegmentedEpoch(self._axis, self.train_spec, self._data, self._inputs, runs, states)
            else:
                epoch = WholeEpoch(self._axis, self.train_spec, self._data, runs, states)
        return partial(compiled.result(), self._data.train), epoch

    def start(self, epoch: int) -> Cursor:
        """Return the cursor before epoch `epoch`, with the initial states."""
        carries = (
            EpochCarry(self._init(runs), zero_counts(self._axis, self.train_spec, runs)) for runs in self._chunks
        )
        return Cursor(epoch, 0, [self._offload(carry) for carry in carries])

    def resume(self, epoch: int, segment: int, carry: EpochCarry) -> Cursor:
        """Return the cursor at a saved position.

        Args:
          epoch: the epoch of the next segment.
          segment: the next segment of this epoch.
          carry: the result of `gather` at this position.
        """

        def chunk(number: int) -> EpochCarry:
            rows = np.arange(number * self.at_once, (number + 1) * self.at_once) % len(self._runs)
            return jax.tree.map(itemgetter(rows), carry)

        return Cursor(epoch, segment, [chunk(number) for number in range(len(self._chunks))])

    def train(self, begin: Callable[[], Cursor]) -> Iterator[Cursor]:
        """Train without end, and yield the cursor after each segment.

        The chunks are halved if memory runs out in the first segment.

        Args:
          begin: returns the cursor from which to train. It is called again after the chunks are halved.

        Raises:
          UserError: the smallest chunk does not fit into memory.
        """
        cursor, feeds = self._first(begin)
        del begin  # it may hold large arrays
        while True:
            yield cursor
            cursor = self._advance(cursor, feeds)

    def _first(self, begin: Callable[[], Cursor]) -> tuple[Cursor, list[Iterator]]:
        """Train the first segment, with smaller chunks each time memory runs out. Return the cursor and the feeds."""
        while True:
            try:
                feeds: list[Iterator] = []
                return self._advance(begin(), feeds), feeds
            except jax.errors.JaxRuntimeError as error:
                if not re.search("RESOURCE_EXHAUSTED|[Oo]ut of memory", str(error)):
                    raise
                if self.at_once <= self._axis.rows:
                    raise UserError(
                        "memory: one run does not fit on a device; use a smaller config.batch_size or model, or spread "
                        "each batch with config.devices_per_batch"
                    ) from error
                _log.warning("%d runs at once ran out of memory; jnl trains fewer at once", self.at_once)
            self._compile_chunks(self.at_once // 2)

    def _advance(self, at: Cursor, feeds: list[Iterator]) -> Cursor:
        """Train one segment and return the next cursor.

        `feeds` is the feed of each chunk. This function fills it when an epoch begins and empties it when it ends.
        """
        number = self._axis.replicate(jnp.int32(at.epoch))
        if not feeds:
            feeds += [self.epoch.feed(runs, number, at.segment) for runs in self._chunks]
        chunks, measured = [], []
        for position, (runs, carry, feed) in enumerate(zip(self._chunks, at.chunks, feeds, strict=True)):
            if at.segment == 0:
                states = self._host_work.before_epoch(at.epoch, position * self.at_once, runs, carry.states)
                carry = carry._replace(states=states)
            carry, metrics = self.epoch(runs, self._axis.shard(carry), next(feed), number, at.segment)
            chunks.append(self._offload(carry))
            if metrics is not None:
                measured.append(metrics)
        if not measured:
            return Cursor(at.epoch, at.segment + 1, jax.block_until_ready(chunks))
        feeds.clear()
        return Cursor(at.epoch + 1, 0, chunks, self._concatenate(jax.device_get(measured)))

    def gather(self, cursor: Cursor) -> EpochCarry:
        """Return a copy of the carry of all runs on the host. Every array is [S, ...]."""
        return self._concatenate([devices.gather(chunk) for chunk in cursor.chunks])

    def held_out(self, carry: EpochCarry) -> np.ndarray:
        """Return class probabilities of the held-out examples of each run: f32[S, K, N_validation, C].

        The inputs must be on the device. `carry` is a result of `gather`.
        """
        return self._on_host(self._host_work.held_out, self._data.train.inputs, carry)

    def predictions(self, carry: EpochCarry) -> np.ndarray:
        """Return class probabilities of all training examples: f32[S, K, N, C]. `carry` is a result of `gather`."""
        work = self._host_work.predictions
        if not self.train_spec.streams:
            return self._on_host(work, self._data.train.inputs, carry)
        cuts = cut(len(self._inputs), 1 + self._inputs.nbytes // BYTES)  # the inputs are on the host
        pieces = (cast(Array, self._axis.replicate(self._inputs[piece])) for piece in cuts)
        return np.concatenate([self._on_host(work, piece, carry) for piece in pieces], axis=2)

    def _on_host(self, work: OfChunk, inputs: Array, carry: EpochCarry) -> np.ndarray:
        """Return the results of a function for all runs, on the host."""
        chunks = zip(self._chunks, self.resume(0, 0, carry).chunks, strict=True)
        return self._concatenate([work(inputs, runs, chunk.states) for runs, chunk in chunks])

    def _offload(self, carry: EpochCarry) -> EpochCarry:
        """Move a chunk that waits for its next segment to the host, unless it is the only chunk."""
        alone = len(self._chunks) == 1 or jax.process_count() > 1
        return carry if alone else jax.device_get(carry)

    def _concatenate(self, chunks: list[AnyTree]) -> AnyTree:
        """Concatenate the arrays of all chunks and drop the runs of the padding."""
        return jax.tree.map(lambda *leaves: np.concatenate(leaves)[: len(self._runs)], *chunks)


def _stack(runs: Sequence[RunInputs]) -> RunInputs:
    """Stack runs of equal shapes, so that every array starts with the axis S."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *runs)


def _gib(number: int) -> str:
    """Return a number of bytes as text in GiB."""
    return f"{number / 2**30:.2f} GiB"
