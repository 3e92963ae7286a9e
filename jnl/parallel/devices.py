"""The devices of this process and of its fellows: CPU cores as devices, several hosts, memory."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from jnl.core.errors import UserError

Tree = TypeVar("Tree")  # arrays, or records of them
Made = TypeVar("Made")


def use_cores() -> None:
    """Makes each CPU core a device, unless JAX has counted them already or its settings say how many there are.

    Changes nothing on an accelerator.
    """
    said = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if not said and jax.config.values["jax_num_cpu_devices"] < 0:
        with suppress(RuntimeError):  # too late
            jax.config.update("jax_num_cpu_devices", cores())


def cores() -> int:
    """The CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def connect() -> None:
    """Joins the other processes of one training, if JAX_NUM_PROCESSES says that there are any.

    A number wants JAX_PROCESS_ID and JAX_COORDINATOR_ADDRESS too; `auto` finds all three on a TPU pod, Slurm, Open MPI.

    Raises:
      UserError: the variables do not fit together.
    """
    number = os.environ.get("JAX_NUM_PROCESSES")
    if number is None:
        return
    try:
        if number == "auto":
            jax.distributed.initialize()
        else:
            address = os.environ["JAX_COORDINATOR_ADDRESS"]
            jax.distributed.initialize(address, int(number), int(os.environ["JAX_PROCESS_ID"]))
    except KeyError as error:
        raise UserError(f"JAX_NUM_PROCESSES={number}: set {error.args[0]} too, or JAX_NUM_PROCESSES=auto") from error
    except (RuntimeError, ValueError) as error:
        raise UserError(f"JAX_NUM_PROCESSES={number}: {' '.join(str(error).split())}") from error


def is_main() -> bool:
    """Whether this process is the one that writes and speaks."""
    return jax.process_index() == 0


def highest(number: int) -> int:
    """The highest that any process gives."""
    if jax.process_count() == 1:
        return number
    return int(multihost_utils.process_allgather(np.int32(number)).max())


def on_main(make: Callable[[], Made]) -> Made | None:
    """What the main process makes, None in others; the user's mistakes are told in all of them."""
    made, wrong = None, ""
    if is_main():
        try:
            made = make()
        except UserError as error:
            if jax.process_count() == 1:
                raise
            wrong = str(error)
    if words := share(wrong.encode()):
        raise UserError(words.decode())
    return made


def share(content: bytes) -> bytes:
    """What the main process gives, to all."""
    if jax.process_count() == 1:
        return content
    size = int(multihost_utils.broadcast_one_to_all(np.int64(len(content))))
    held = np.frombuffer(content, np.uint8) if is_main() else np.zeros(size, np.uint8)
    return np.asarray(multihost_utils.broadcast_one_to_all(held)).tobytes()


def shard(tree: Tree, sharding: jax.sharding.Sharding) -> Tree:
    """Arrays that every process has whole -> spread over the devices of all processes."""
    if jax.process_count() == 1:
        return jax.device_put(tree, sharding)

    def one(leaf: jax.Array | np.ndarray) -> jax.Array:
        if isinstance(leaf, jax.Array) and leaf.sharding == sharding:
            return leaf
        whole = np.asarray(leaf)
        return jax.make_array_from_callback(whole.shape, sharding, lambda part: whole[part])

    return jax.tree.map(one, tree)


def gather(tree: Tree) -> Tree:
    """Arrays spread over the devices of all processes -> whole on each host."""
    return jax.device_get(tree) if jax.process_count() == 1 else multihost_utils.process_allgather(tree, tiled=True)


def memory() -> int:
    """Bytes that one device can hold: the allocator's limit, or its share of what the machine has free."""
    statistics = jax.local_devices()[0].memory_stats()
    if statistics and "bytes_limit" in statistics:
        return int(statistics["bytes_limit"])
    return _free_memory() // jax.local_device_count()


def _free_memory() -> int:
    """Linux says what is available; elsewhere half of all memory is a guess on the safe side."""
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
