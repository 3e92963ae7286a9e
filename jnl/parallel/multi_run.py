"""The runs axis S: several runs in one compiled program, over all devices.

No other file puts it before the arrays of a run; `compiled_epoch` only cuts behind it.
"""

import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from operator import itemgetter
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jnl.core.errors import UserError
from jnl.core.memory import HostCallback
from jnl.core.train_state import TrainState, no_features
from jnl.data.dataset import Dataset, Split
from jnl.parallel import devices
from jnl.parallel.compiled_epoch import EpochCarry, OfRun, SegmentedEpoch, WholeEpoch, nothing
from jnl.parallel.layout import Layout
from jnl.training.epoch import init_state
from jnl.training.evaluation import predict_all, predictor
from jnl.training.spec import RunInputs, TrainSpec

Epoch = WholeEpoch | SegmentedEpoch
_log = logging.getLogger(__name__)
Tree = TypeVar("Tree")


class Cursor(NamedTuple):
    """Where the training of a program stands: what it goes on from."""

    epoch: int  # under way, or the next
    segment: int  # of this epoch, the next
    chunks: list[EpochCarry]  # every leaf [S, ...]; their memory is used again when the training goes on
    measured: dict[str, np.ndarray] | None = None  # of the epoch that has just ended: [S] or [S, ...]


class MultiRunProgram:
    """The compiled training epoch of all runs.

    Runs that do not fit into memory at once go through it in chunks of equal size, each with a state of its own; the
    last one is filled up with runs that are not reported.
    """

    def __init__(
        self, spec: TrainSpec, dataset: Dataset, runs: Sequence[RunInputs], layout: Layout, at_once: int = 0
    ) -> None:
        """Compiles the epoch for as many runs as fit, `at_once` at most unless it is 0."""
        self.train_spec, self.layout, self._runs = (
            spec._replace(shard_batch=partial(_shard_batch, layout.mesh)),
            layout,
            runs,
        )
        self.compilations, self.compile_seconds = 0, 0.0
        self._inputs = np.asarray(dataset.train.inputs)
        train = dataset.train._replace(inputs=dataset.train.inputs[:1]) if spec.streams else dataset.train
        self._data = dataset._replace(train=_shard(train, layout.mesh), test=_shard(dataset.test, layout.mesh))
        self._compile_chunks(min(at_once or len(runs), len(runs)))
        limit = devices.memory()
        while (needed := self.bytes) > limit and self.at_once > self._rows:
            fit = int(self.at_once * limit / needed)
            _log.warning("%d runs at once need %s a device, which has %s", self.at_once, _gib(needed), _gib(limit))
            self._compile_chunks(max(1, min(fit, self.at_once - self._rows)))

    @property
    def _rows(self) -> int:
        return self.layout.mesh.shape["runs"]

    @property
    def num_runs(self) -> int:
        """Those that are reported."""
        return len(self._runs)

    @property
    def steps(self) -> int:
        """Of all runs, in an epoch."""
        return self.train_spec.steps * self.num_runs

    @property
    def segments(self) -> int:
        """Of an epoch."""
        return self._epoch.segments

    @property
    def bytes(self) -> int:
        """What the program needs on each device: data, states, results and what it computes in between."""
        return self._epoch.bytes

    def _compile_chunks(self, at_once: int) -> None:
        """Cuts the axis into equal chunks of at most `at_once` runs, whole rows of the mesh, and compiles for one."""
        number = math.ceil(len(self._runs) / at_once)
        self.at_once = math.ceil(len(self._runs) / number / self._rows) * self._rows
        padded = [self._runs[i % len(self._runs)] for i in range(number * self.at_once)]
        cuts = range(0, len(padded), self.at_once)
        self._chunks = [self.shard(_stack(padded[cut : cut + self.at_once])) for cut in cuts]
        if number > 1:
            _log.warning("%d runs train %d at once, in %d chunks", len(self._runs), self.at_once, number)
        begin = time.perf_counter()
        self._start, self._epoch = self._compile(self._chunks[0])
        self.compile_seconds += time.perf_counter() - begin
        self.compilations += self._epoch.compilations

    def _compile(self, runs: RunInputs) -> tuple[Callable[[RunInputs], TrainState], Epoch]:
        """Ahead of time: a later change of shapes is an error, not a compilation."""
        mesh, train = self.layout.mesh, self._data.train
        replicated, per_run = PartitionSpec(), PartitionSpec("runs")
        sharded_fn = jax.shard_map(
            jax.vmap(partial(init_state, self.train_spec), (None, 0)),
            mesh=mesh,
            axis_names={"runs"},
            in_specs=(replicated, per_run),
            out_specs=per_run,
            check_vma=False,
        )
        # Random numbers compile slowly on CPU: less optimization makes the same bits several times sooner.
        quickly = {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else {}
        options = {**_deterministic(), **quickly}
        begin = jax.jit(sharded_fn, out_shardings=NamedSharding(mesh, per_run), compiler_options=options)
        states = self.abstract(jax.eval_shape(begin, train, runs))
        with ThreadPoolExecutor() as pool:  # both at the same time
            started = pool.submit(begin.lower(train, runs).compile)
            if self.train_spec.streams or self.train_spec.segments > 1:
                made: Epoch = SegmentedEpoch(self, self.train_spec, self._data, self._inputs, runs, states)
            else:
                made = WholeEpoch(self, self.train_spec, self._data, runs, states)
        return partial(started.result(), self._data.train), made

    def compile(
        self, function: OfRun, shared: object, runs: RunInputs, carry: object, extra: object, keep_per_run: bool = False
    ) -> jax.stages.Compiled:
        """`function` of one run, for all runs of a chunk; what it carries is given up for the new.

        Its second result is whole on every device, unless it is kept apart.
        """
        mesh, replicated, per_run = self.layout.mesh, PartitionSpec(), PartitionSpec("runs")

        def every(shared: object, runs: RunInputs, carry: object, extra: object, number: Array) -> tuple:
            def one(each: tuple[RunInputs, object, object]) -> tuple:
                return function(shared, *each, number)

            return (jax.vmap(one) if self.layout.inner == "vmap" else partial(lax.map, one))((runs, carry, extra))

        every.__name__ = function.__name__
        sharded_fn = jax.shard_map(
            every,
            mesh=mesh,
            axis_names={"runs"},
            in_specs=(replicated, per_run, per_run, per_run, replicated),
            out_specs=per_run,
            check_vma=False,
        )
        program = jax.jit(
            sharded_fn,
            out_shardings=(NamedSharding(mesh, per_run), NamedSharding(mesh, per_run if keep_per_run else replicated)),
            donate_argnames="carried",
            compiler_options=_deterministic(),
        )
        return program.lower(shared, runs, carry, extra, _shard(np.int32(0), mesh)).compile()

    def abstract(self, tree: Tree) -> Tree:
        """The shapes of arrays that are sharded_fn over the runs."""
        sharding = NamedSharding(self.layout.mesh, PartitionSpec("runs"))
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), tree)

    def shard(self, tree: Tree) -> Tree:
        """Spreads arrays over the runs."""
        return _shard(tree, self.layout.mesh, "runs")

    def start(self, epoch: int) -> Cursor:
        """Before epoch `epoch`, from the initial states."""
        return Cursor(
            epoch, 0, [self._offload(EpochCarry(self._start(runs), nothing(self, runs))) for runs in self._chunks]
        )

    def resume(self, epoch: int, segment: int, carry: EpochCarry) -> Cursor:
        """Where it stood, from what `gather` gave then."""

        def chunk(number: int) -> EpochCarry:
            rows = np.arange(number * self.at_once, (number + 1) * self.at_once) % len(self._runs)
            return jax.tree.map(itemgetter(rows), carry)

        return Cursor(epoch, segment, [chunk(number) for number in range(len(self._chunks))])

    def train(self, begin: Callable[[], Cursor]) -> Iterator[Cursor]:
        """Train from where `begin` stands, segment by segment, without end; halve the chunks if memory runs out."""
        cursor, feeds = self._first(begin)
        del begin  # what it holds may be large
        while True:
            yield cursor
            cursor = self._advance(cursor, feeds)

    def _first(self, begin: Callable[[], Cursor]) -> tuple[Cursor, list[Iterator]]:
        while True:
            try:
                feeds: list[Iterator] = []
                return self._advance(begin(), feeds), feeds
            except jax.errors.JaxRuntimeError as error:
                if not re.search("RESOURCE_EXHAUSTED|[Oo]ut of memory", str(error)):
                    raise
                if self.at_once <= self._rows:
                    raise UserError(
                        "memory: one run does not fit on a device; use a smaller config.batch_size or model, or spread "
                        "each batch with config.devices_per_batch"
                    ) from error
                _log.warning("%d runs at once ran out of memory", self.at_once)
            self._compile_chunks(self.at_once // 2)

    def _advance(self, at: Cursor, feeds: list[Iterator]) -> Cursor:
        """Train one segment; `feeds` has the feed of each chunk once the epoch has begun."""
        number = _shard(jnp.int32(at.epoch), self.layout.mesh)
        if at.segment == 0:
            self._work_on_host(at)
        if not feeds:
            feeds += [self._epoch.feed(runs, number, at.segment) for runs in self._chunks]
        chunks, measured = [], []
        for runs, carry, feed in zip(self._chunks, at.chunks, feeds, strict=True):
            carry, metrics = self._epoch(runs, self.shard(carry), next(feed), number, at.segment)
            chunks.append(self._offload(carry))
            if metrics is not None:
                measured.append(metrics)
        if not measured:
            return Cursor(at.epoch, at.segment + 1, jax.block_until_ready(chunks))
        feeds.clear()
        return Cursor(at.epoch + 1, 0, chunks, self._concatenate(jax.device_get(measured)))

    def gather(self, cursor: Cursor) -> EpochCarry:
        """What is carried of all runs, on the host: a copy, every leaf [S, ...]."""
        return self._concatenate([devices.gather(chunk) for chunk in cursor.chunks])

    def held_out(self, carry: EpochCarry) -> np.ndarray:
        """Probabilities of the rows that each run holds out for validation: f32[S, K, N_validation, C]."""
        chunks = self.resume(0, 0, carry).chunks
        return self._concatenate([self._held_out(number, chunk.states) for number, chunk in enumerate(chunks)])

    @cached_property
    def _held_out(self) -> Callable[[int, TrainState], np.ndarray]:
        def one(train: Split, both: tuple[RunInputs, TrainState]) -> Array:
            predict_fn = predictor(self.train_spec.model, both[1], self.train_spec.augment, self.train_spec.shard_batch)
            rows = train.inputs[both[0].validation_index]
            return jax.nn.softmax(predict_all(predict_fn, rows, self.train_spec.batch_size)[0])

        return self._of_each_run(one)

    @cached_property
    def _features(self) -> Callable[[int, TrainState], np.ndarray]:
        def one(train: Split, both: tuple[RunInputs, TrainState]) -> Array:
            predict_fn = predictor(self.train_spec.model, both[1], self.train_spec.augment, self.train_spec.shard_batch)
            _, features = predict_all(predict_fn, train.inputs, self.train_spec.batch_size)
            if features is None:
                raise no_features(self.train_spec.model)
            return features

        return self._of_each_run(one)

    def _work_on_host(self, at: Cursor) -> None:
        """What the strategy has to do outside JAX before an epoch; nothing for runs that have failed."""
        first = self._host(0)
        if first is None or not first.due(at.epoch):
            return
        for chunk, carry in enumerate(at.chunks):
            state = carry.states
            features, old = self._features(chunk, state), devices.gather(state.memory)
            failed, new = devices.gather(state.failed), []
            for position, mine in enumerate(features):
                run = (chunk * self.at_once + position) % len(self._runs)
                own, labels = jax.tree.map(itemgetter(position), old), np.asarray(self._runs[run].labels)
                host = self._host(run)
                assert host is not None
                new.append(own if failed[position] else host.work(own, mine, labels))
            stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *new)
            at.chunks[chunk] = carry._replace(states=state._replace(memory=self.shard(stacked)))

    def _host(self, run: int) -> HostCallback | None:
        strategy = self.train_spec.make_strategy(
            **{name: float(value) for name, value in self._runs[run].hyper.items()}
        )
        return strategy.memory.host if strategy.memory else None

    def _of_each_run(
        self, one: Callable[[Split, tuple[RunInputs, TrainState]], Array]
    ) -> Callable[[int, TrainState], np.ndarray]:
        """What `one` says of each run of a chunk, run after run, on the host."""
        replicated, per_run = PartitionSpec(), PartitionSpec("runs")

        def every(train: Split, runs: RunInputs, state: TrainState) -> Array:
            return lax.map(partial(one, train), (runs, state))

        sharded_fn = jax.shard_map(
            every,
            mesh=self.layout.mesh,
            axis_names={"runs"},
            in_specs=(replicated, per_run, per_run),
            out_specs=per_run,
            check_vma=False,
        )
        program = jax.jit(
            sharded_fn, out_shardings=NamedSharding(self.layout.mesh, per_run), compiler_options=_deterministic()
        )

        def said(chunk: int, state: TrainState) -> np.ndarray:
            state = self.shard(state)
            return devices.gather(program(self._data.train, self._chunks[chunk], state))

        return said

    def _offload(self, carry: EpochCarry) -> EpochCarry:
        """Move a chunk that waits for its next segment to the host, unless it is the only chunk."""
        alone = len(self._chunks) == 1 or jax.process_count() > 1
        return carry if alone else jax.device_get(carry)

    def _concatenate(self, chunks: list[Tree]) -> Tree:
        return jax.tree.map(lambda *leaves: np.concatenate(leaves)[: len(self._runs)], *chunks)


def _shard_batch(mesh: Mesh, batch: Array) -> Array:
    """f32[B, ...] over the devices of a row; XLA splits all that follows from it, and selection still sees B losses."""
    if mesh.shape["data"] == 1:
        return batch
    return lax.with_sharding_constraint(batch, NamedSharding(mesh, PartitionSpec("data")))


def _deterministic() -> dict[str, bool | int | str]:
    """Compiler options with which the next process gives the same bits.

    Else a GPU sums in whatever order its threads come, and chooses algorithms by their times.
    """
    return {"xla_gpu_deterministic_ops": True} if jax.default_backend() == "gpu" else {}


def _stack(runs: Sequence[RunInputs]) -> RunInputs:
    """Runs of equal shapes -> one Run whose leaves start with S."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *runs)


def _shard(tree: Tree, mesh: Mesh, *axes: str) -> Tree:
    """Onto the devices of the mesh: the first axis over `runs`, or a copy each. Every process has the whole."""
    return devices.shard(tree, NamedSharding(mesh, PartitionSpec(*axes)))


def _gib(number: int) -> str:
    return f"{number / 2**30:.2f} GiB"
