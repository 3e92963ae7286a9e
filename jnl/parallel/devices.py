"""The devices of all processes of a training: CPU cores as devices, several hosts, and the memory of a device."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import jax
import numpy as np
import psutil
from jax.experimental import multihost_utils

from jnl.support.cores import cores
from jnl.support.errors import UserError
from jnl.support.signals import take_back_sigterm

AnyTree = TypeVar("AnyTree")  # arrays, or records of them
Made = TypeVar("Made")


def use_cores() -> None:
    """Make each CPU core a JAX device.

    This does nothing if JAX has already initialized its devices, or if the user has set the number of CPU devices. It
    changes nothing on an accelerator.
    """
    said = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if not said and jax.config.values["jax_num_cpu_devices"] < 0:
        with suppress(RuntimeError):  # JAX has already initialized its devices
            jax.config.update("jax_num_cpu_devices", cores())


def connect() -> None:
    """Connect to the other processes of this training, if the variable JAX_NUM_PROCESSES is set.

    If it is a number, JAX_PROCESS_ID and JAX_COORDINATOR_ADDRESS must be set too. With `auto`, JAX finds all three on a
    TPU pod and under Slurm and Open MPI.

    Raises:
      UserError: a variable is missing, or JAX cannot connect with these values.
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
    take_back_sigterm()  # JAX catches it, and then only notes it


def is_main() -> bool:
    """Return whether this is the main process, which writes files and prints messages."""
    return jax.process_index() == 0


def highest(number: int) -> int:
    """Return the highest of the numbers that the processes pass."""
    if jax.process_count() == 1:
        return number
    return int(multihost_utils.process_allgather(np.int32(number)).max())


def on_main(make: Callable[[], Made]) -> Made | None:
    """Call `make` in the main process and return its result there. Return None in the other processes.

    Raises:
      UserError: `make` raised it. All processes then raise it.
    """
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
    """Return the bytes that the main process passes, in all processes."""
    if jax.process_count() == 1:
        return content
    size = int(multihost_utils.broadcast_one_to_all(np.int64(len(content))))
    held = np.frombuffer(content, np.uint8) if is_main() else np.zeros(size, np.uint8)
    return np.asarray(multihost_utils.broadcast_one_to_all(held)).tobytes()


def shard(tree: AnyTree, sharding: jax.sharding.Sharding) -> AnyTree:
    """Spread arrays over the devices of all processes. Every process must have the whole arrays."""
    if jax.process_count() == 1:
        return jax.device_put(tree, sharding)

    def one(leaf: jax.Array | np.ndarray) -> jax.Array:
        if isinstance(leaf, jax.Array) and leaf.sharding == sharding:
            return leaf
        whole = np.asarray(leaf)
        return jax.make_array_from_callback(whole.shape, sharding, lambda part: whole[part])

    return jax.tree.map(one, tree)


def gather(tree: AnyTree) -> AnyTree:
    """Copy arrays that are spread over the devices of all processes to each host, as whole arrays."""
    return jax.device_get(tree) if jax.process_count() == 1 else multihost_utils.process_allgather(tree, tiled=True)


def memory() -> int:
    """Return the memory of one device in bytes.

    This is the limit of its allocator. A device without a limit gets an equal share of the free memory of the machine.
    """
    statistics = jax.local_devices()[0].memory_stats()
    if statistics and "bytes_limit" in statistics:
        return int(statistics["bytes_limit"])
    return psutil.virtual_memory().available // jax.local_device_count()
