"""The runs axis S. A function of one run becomes a function of all runs of a chunk, on all devices.

No other file adds this axis to a function of one run.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import jax
import numpy as np
from jax import Array, lax
from jax.sharding import NamedSharding, PartitionSpec

from jnl.parallel import devices
from jnl.parallel.layout import Layout
from jnl.training.spec import RunInputs

Tree = TypeVar("Tree")
OfRun = Callable[..., tuple]  # (shared, run, carry, extra, number) -> (carry, result)
Options = dict[str, bool | int | str]
_REPLICATED, _PER_RUN = PartitionSpec(), PartitionSpec("runs")


class RunsAxis:
    """The transformation that spreads runs over the rows of the mesh. Each row computes its share of the runs."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @property
    def rows(self) -> int:
        """The number of rows of the mesh. At least this many runs train at the same time."""
        return self.layout.mesh.shape["runs"]

    def compile(
        self, function: OfRun, shared: object, runs: RunInputs, carry: object, extra: object, keep_per_run: bool = False
    ) -> jax.stages.Compiled:
        """Compile a function of one run for all runs of a chunk.

        Args:
          function: (shared, run, carry, extra, number) -> (carry, result).
          shared: arrays that are the same for all runs, such as the data.
          runs: [S, ...] each.
          carry: [S, ...] each. The program reuses this memory for the new carry.
          extra: [S, ...] each.
          keep_per_run: whether the result stays spread over the devices. Otherwise every device has the whole result.

        Returns:
          The compiled program (shared, runs, carry, extra, number) -> (carry, result).
        """

        def all_runs(shared: object, runs: RunInputs, carry: object, extra: object, number: Array) -> tuple:
            def one(each: tuple[RunInputs, object, object]) -> tuple:
                return function(shared, *each, number)

            return (jax.vmap(one) if self.layout.inner == "vmap" else partial(lax.map, one))((runs, carry, extra))

        all_runs.__name__ = function.__name__
        program = jax.jit(
            self._over_devices(all_runs, _REPLICATED, _PER_RUN, _PER_RUN, _PER_RUN, _REPLICATED),
            out_shardings=(self._sharding(_PER_RUN), self._sharding(_PER_RUN if keep_per_run else _REPLICATED)),
            donate_argnames="carry",
            compiler_options=_deterministic(),
        )
        return program.lower(shared, runs, carry, extra, self.replicate(np.int32(0))).compile()

    def batched(self, function: Callable, options: Options) -> jax.stages.Wrapped:
        """Turn a function (shared, run) into a jitted function (shared, runs) that computes all runs as one batch.

        Args:
          function: the function of one run.
          options: compiler options.
        """
        mapped = self._over_devices(jax.vmap(function, (None, 0)), _REPLICATED, _PER_RUN)
        return jax.jit(mapped, out_shardings=self._sharding(_PER_RUN), compiler_options={**_deterministic(), **options})

    def one_by_one(self, function: Callable) -> Callable:
        """Turn a function (shared, (run, state)) into a jitted function (shared, runs, states).

        Each row of the mesh computes its runs one after the other.
        """

        def all_runs(shared: object, runs: RunInputs, states: object) -> Array:
            return lax.map(partial(function, shared), (runs, states))

        mapped = self._over_devices(all_runs, _REPLICATED, _PER_RUN, _PER_RUN)
        return jax.jit(mapped, out_shardings=self._sharding(_PER_RUN), compiler_options=_deterministic())

    def abstract(self, tree: Tree) -> Tree:
        """Return the shapes, dtypes and sharding of arrays [S, ...] that are spread over the rows of the mesh."""
        sharding = self._sharding(_PER_RUN)
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), tree)

    def shard(self, tree: Tree) -> Tree:
        """Spread arrays [S, ...] over the rows of the mesh. Every process must have the whole arrays."""
        return devices.shard(tree, self._sharding(_PER_RUN))

    def replicate(self, tree: Tree) -> Tree:
        """Copy arrays to every device of the mesh."""
        return devices.shard(tree, self._sharding(_REPLICATED))

    def shard_batch(self, batch: Array) -> Array:
        """Spread a batch f32[B, ...] over the devices of a row.

        XLA splits the computations that follow. The selection still gets the losses of all B examples.
        """
        if self.layout.mesh.shape["data"] == 1:
            return batch
        return lax.with_sharding_constraint(batch, self._sharding(PartitionSpec("data")))

    def _sharding(self, spec: PartitionSpec) -> NamedSharding:
        return NamedSharding(self.layout.mesh, spec)

    def _over_devices(self, function: Callable, *in_specs: PartitionSpec) -> Callable:
        """Return a function that each row of the mesh calls on its share of the runs."""
        return jax.shard_map(
            function,
            mesh=self.layout.mesh,
            axis_names={"runs"},
            in_specs=in_specs,
            out_specs=_PER_RUN,
            check_vma=False,
        )


def _deterministic() -> Options:
    """Return compiler options that make results bit-identical in every process.

    Without them a GPU sums in the order in which its threads finish, and chooses the algorithms that it measures as
    fastest.
    """
    return {"xla_gpu_deterministic_ops": True} if jax.default_backend() == "gpu" else {}
