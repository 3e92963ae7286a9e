"""The runs axis S. A function of one run becomes a function of all runs of a chunk, on all devices.

No other file adds this axis to a function of one run.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeVar

import jax
import numpy as np
from jax import Array, lax
from jax.sharding import NamedSharding, PartitionSpec

from jnl.parallel import devices
from jnl.parallel.layout import Layout
from jnl.training.spec import RunInputs, TrainSpec

AnyTree = TypeVar("AnyTree")
Options = dict[str, bool | int | str]
_REPLICATED, _PER_RUN = PartitionSpec(), PartitionSpec("runs")


@dataclass(frozen=True)
class OfSpec:
    """A function of one run at a spec. Two of them with the same function and equal specs compute the same."""

    function: Callable  # its first argument is the spec
    spec: TrainSpec

    def __call__(self, *arguments: object) -> tuple:
        """Call the function at the spec."""
        return self.function(self.spec, *arguments)


@dataclass(frozen=True)
class RunsAxis:
    """The transformation that spreads runs over the rows of the mesh. Each row computes its share of the runs."""

    layout: Layout

    @property
    def rows(self) -> int:
        """The number of rows of the mesh. At least this many runs train at the same time."""
        return self.layout.mesh.shape["runs"]

    def compile(
        self,
        function: OfSpec,
        shared: object,
        runs: RunInputs,
        carry: object,
        *extra: object,
        keep_per_run: bool = False,
    ) -> jax.stages.Compiled:
        """Compile a function of one run for all runs of a chunk.

        A program that this process has compiled before is used again, if all its code is jnl's.

        Args:
          function: (spec, shared, run, carry, number, *extra) -> (carry, result).
          shared: arrays that are the same for all runs, such as the data.
          runs: [S, ...] each.
          carry: [S, ...] each. The program reuses this memory for the new carry.
          *extra: [S, ...] each.
          keep_per_run: whether the result stays spread over the devices. Otherwise every device has the whole result.

        Returns:
          The compiled program (shared, runs, carry, number, *extra) -> (carry, result).
        """
        program = function.spec.cached(_program)(self, function, keep_per_run)
        return program.lower(shared, runs, carry, self.replicate(np.int32(0)), *extra).compile()

    def batched(self, function: OfSpec) -> jax.stages.Wrapped:
        """Turn a function (spec, shared, run) of one run into a jitted function (shared, runs) of one batch of runs.

        The compilation is quick, which suits a function that is called once.
        """
        return function.spec.cached(_batched)(self, function)

    def one_by_one(self, function: Callable) -> Callable:
        """Turn a function (shared, (run, state)) into a jitted function (shared, runs, states).

        Each row of the mesh computes its runs one after the other.
        """

        def all_runs(shared: object, runs: RunInputs, states: object) -> Array:
            return lax.map(partial(function, shared), (runs, states))

        mapped = self.over_devices(all_runs, _REPLICATED, _PER_RUN, _PER_RUN)
        return jax.jit(mapped, out_shardings=self.sharding(_PER_RUN), compiler_options=_deterministic())

    def abstract(self, tree: AnyTree) -> AnyTree:
        """Return the shapes, dtypes and sharding of arrays [S, ...] that are spread over the rows of the mesh."""
        sharding = self.sharding(_PER_RUN)
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), tree)

    def shard(self, tree: AnyTree) -> AnyTree:
        """Spread arrays [S, ...] over the rows of the mesh. Every process must have the whole arrays."""
        return devices.shard(tree, self.sharding(_PER_RUN))

    def replicate(self, tree: AnyTree) -> AnyTree:
        """Copy arrays to every device of the mesh."""
        return devices.shard(tree, self.sharding(_REPLICATED))

    def sharding(self, spec: PartitionSpec) -> NamedSharding:
        return NamedSharding(self.layout.mesh, spec)

    def over_devices(self, function: Callable, *in_specs: PartitionSpec) -> Callable:
        """Return a function that each row of the mesh calls on its share of the runs."""
        return jax.shard_map(
            function,
            mesh=self.layout.mesh,
            axis_names={"runs"},
            in_specs=in_specs,
            out_specs=_PER_RUN,
            check_vma=False,
        )


@dataclass(frozen=True)
class ShardBatch:
    """The function that spreads a batch f32[B, ...] over the devices of a row.

    XLA splits the computations that follow. The selection still gets the losses of all B examples.
    """

    axis: RunsAxis

    def __call__(self, batch: Array) -> Array:
        """Return the batch, spread over the devices."""
        if self.axis.layout.mesh.shape["data"] == 1:
            return batch
        return lax.with_sharding_constraint(batch, self.axis.sharding(PartitionSpec("data")))


@lru_cache(maxsize=32)
def _program(axis: RunsAxis, function: OfSpec, keep_per_run: bool) -> jax.stages.Wrapped:
    """Return the jitted function that `RunsAxis.compile` compiles. JAX keeps what it compiles with this function."""

    def of_row(shared: object, number: Array, per_run: tuple[RunInputs, object, tuple]) -> tuple:
        def one(each: tuple[RunInputs, object, tuple]) -> tuple:
            run, carry, extra = each
            return function(shared, run, carry, number, *extra)

        return (jax.vmap(one) if axis.layout.inner == "vmap" else partial(lax.map, one))(per_run)

    mapped = axis.over_devices(of_row, _REPLICATED, _REPLICATED, _PER_RUN)

    def all_runs(shared: object, runs: RunInputs, carry: object, number: Array, *extra: object) -> tuple:
        return mapped(shared, number, (runs, carry, extra))

    all_runs.__name__ = function.function.__name__
    return jax.jit(
        all_runs,
        out_shardings=(axis.sharding(_PER_RUN), axis.sharding(_PER_RUN if keep_per_run else _REPLICATED)),
        donate_argnames="carry",
        compiler_options=_deterministic(),
    )


@lru_cache(maxsize=32)
def _batched(axis: RunsAxis, function: OfSpec) -> jax.stages.Wrapped:
    """Return the function that `RunsAxis.batched` returns."""
    # Random numbers compile slowly on CPU. Less optimization gives the same bits several times sooner.
    chosen = jax.default_backend() != "cpu" or "xla_backend_optimization_level" in os.environ.get("XLA_FLAGS", "")
    quickly: Options = {} if chosen else {"xla_backend_optimization_level": 1}
    mapped = axis.over_devices(jax.vmap(function, (None, 0)), _REPLICATED, _PER_RUN)
    return jax.jit(mapped, out_shardings=axis.sharding(_PER_RUN), compiler_options={**_deterministic(), **quickly})


def _deterministic() -> Options:
    """Return compiler options that make results bit-identical in every process.

    Without them a GPU sums in the order in which its threads finish, and chooses the algorithms that it measures as
    fastest.
    """
    return {"xla_gpu_deterministic_ops": True} if jax.default_backend() == "gpu" else {}
