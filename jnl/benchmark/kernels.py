"""Count the kernels of each step of a training on a GPU, and the bytes that they read and write, without a GPU.

python -m jnl.benchmark.kernels TARGET [--work mlp cnn7] [--runs 1 8] [--axis vmap] [--precision auto]

TARGET is a file that describes the GPU, such as `h200.txtpb` from the folder `xla/backends/gpu/target_config/specs` of
XLA. JAX needs its plugin for CUDA (`pip install "jax[cuda12]"`). Nothing is measured: XLA compiles an epoch of JoCoR
for this GPU, with algorithms that it chooses without trying them. The time of a small step follows from the number of
its kernels, because it mostly waits for their start.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import jax
import jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding

from jnl.benchmark.epochs import WORK, program_spec
from jnl.benchmark.operations import Operation, functions, loops
from jnl.core.train_state import TrainState
from jnl.data.dataset import Split
from jnl.models import PRECISIONS
from jnl.parallel.compiled_epoch import training_epoch
from jnl.support.command import exit_code
from jnl.support.errors import UserError, reason
from jnl.training.single_run import init_state
from jnl.training.spec import RunInputs


class Kernels(NamedTuple):
    """The kernels of one pass through a loop, by kind."""

    launches: Counter[str]
    bytes: Counter[str]  # that the kernels read and write, if each needs all of its arguments


def of_loops(program: str) -> list[Kernels]:
    """Count the kernels of the loops of a compiled program, the loop with the most kernels first.

    Args:
      program: the text of the program, from `jax.stages.Compiled.as_text`.
    """
    found = functions(program)
    return sorted((_of(body, found) for body in loops(program)), key=lambda kernels: -kernels.launches.total())


def _of(name: str, found: dict[str, list[Operation]]) -> Kernels:
    """Count the kernels of a function and of the functions that it calls."""
    kernels = Kernels(Counter(), Counter())
    for operation in found[name]:
        if operation.function:
            inner = _of(operation.function, found)
            kernels.launches.update(inner.launches)
            kernels.bytes.update(inner.bytes)
        else:
            kernels.launches[operation.kind] += 1
            kernels.bytes[operation.kind] += operation.bytes
    return kernels


def compiled_for(target: str, work: str, number: int, axis: str, precision: str) -> str:
    """Return the text of an epoch of JoCoR that is compiled for a GPU that need not be there.

    Args:
      target: the description of the GPU.
      work: name of an entry of `WORK`.
      number: number of runs.
      axis: `vmap` or `map`.
      precision: value of `config.precision`.

    Raises:
      UserError: if JAX has no plugin for CUDA, or the plugin does not know this description.
    """
    made = program_spec(work, number, axis, precision)
    try:
        topology = topologies.get_topology_desc("one", "cuda", target_config=target, topology="1x1x1")
    except NotImplementedError as error:
        raise UserError('JAX has no plugin for CUDA; pip install "jax[cuda12]"') from error
    except jax.errors.JaxRuntimeError as error:
        raise UserError(f"target: XLA does not understand this description of a GPU ({reason(error)})") from error
    sharding = SingleDeviceSharding(topology.devices[0])

    def abstract(tree: object, *lead: int) -> object:
        def of_leaf(leaf: jax.Array) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((*lead, *leaf.shape), leaf.dtype, sharding=sharding)

        return jax.tree.map(of_leaf, tree)

    data, run = jax.tree.map(jnp.asarray, (made.dataset.train, made.dataset.test)), made.runs[0]
    state = jax.eval_shape(lambda: init_state(made.train_spec, data[0], run))

    def all_runs(data: tuple[Split, Split], runs: RunInputs, states: TrainState, number: jax.Array) -> object:
        def one(each: tuple[RunInputs, TrainState]) -> object:
            return training_epoch(made.train_spec, data, *each, number)

        return (jax.vmap(one) if axis == "vmap" else partial(jax.lax.map, one))((runs, states))

    arguments = abstract(data), abstract(run, number), abstract(state, number), abstract(jnp.int32(0))
    with patch.object(jax, "default_backend", lambda: "gpu"):  # by which jnl chooses its convolutions
        traced = jax.jit(all_runs, donate_argnums=2).trace(*arguments)
    options: dict[str, bool | int | str] = {"xla_gpu_deterministic_ops": True, "xla_gpu_autotune_level": 0}
    return str(traced.lower(lowering_platforms=("cuda",)).compile(compiler_options=options).as_text())


def main(arguments: Sequence[str]) -> int:
    """Print the kernels of one step. Return the exit code 0."""
    parser = argparse.ArgumentParser(
        "python -m jnl.benchmark.kernels", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", type=Path)
    parser.add_argument("--work", nargs="+", choices=WORK, default=["mlp", "cnn7"])
    parser.add_argument("--runs", nargs="+", type=int, default=[1])
    parser.add_argument("--axis", choices=["vmap", "map"], default="vmap")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    asked = parser.parse_args(arguments)
    try:
        target = asked.target.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"target: {asked.target} cannot be read ({reason(error)}); give another file") from error
    for work in asked.work:
        for runs in asked.runs:
            step = of_loops(compiled_for(target, work, runs, asked.axis, asked.precision))[0]
            print(f"{work}, runs: {runs} by {asked.axis}, {asked.precision}: {step.launches.total()} kernels in a step")
            for kind, launches in step.launches.most_common():
                print(f"  {launches:5} {step.bytes[kind] / 2**20:8.0f} MiB  {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
