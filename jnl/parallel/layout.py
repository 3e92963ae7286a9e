"""The layout of a program: on which devices its runs train, and how a device computes its share of them."""

from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from jnl.core.network import Tree
from jnl.ops.convolution import fills_gpu
from jnl.support.errors import UserError, unknown

AXES = ["auto", "devices", "map", "vmap"]


class Layout(NamedTuple):
    """The devices of the runs, and how a device computes its runs."""

    mesh: Mesh  # axes `runs` and `data`; each batch is spread over the devices of one row
    inner: str  # how a device computes its runs: `vmap` (one batched program) or `map` (one run after the other)
    reason: str  # why this layout was chosen, for messages


def choose(axis: str, num_runs: int, devices_per_batch: int = 1, fills_device: bool = False) -> Layout:
    """Return the layout for the setting `runs_axis`.

    `vmap` and `map` use one device (or `devices_per_batch` devices). `devices` spreads the runs over all devices of all
    hosts. Each row of devices computes its share by `map` on CPU, and on a GPU if one network fills it;
    otherwise by `vmap`. `auto` means `devices`.

    The reason for this rule is a measurement (`jnl.benchmark`, MLP, seconds per run and epoch). CPU with 2 cores, 8
    runs: `devices` 0.71, `map` 1.03, `vmap` 1.05. GPU (H200): 0.032 for one run by `map`, 0.005 for each of 32 runs by
    `vmap`, because one small run does not fill the device. On an H100, 4 runs of the 7-layer CNN in bfloat16:
    `map` 1.18, `vmap` 1.97; 8 runs of the small CNN: `map` 0.180, `vmap` 0.089. The rule is not measured on a TPU.

    Args:
      axis: the setting `runs_axis`, one of `AXES`.
      num_runs: number of runs.
      devices_per_batch: number of devices over which each batch is spread.
      fills_device: whether one network fills a GPU.

    Raises:
      UserError: the axis is unknown, or these devices do not allow this layout.
    """
    if axis not in AXES:
        raise unknown("config.runs_axis", axis, AXES)
    all_devices = jax.devices()
    if not 1 <= devices_per_batch <= len(all_devices):
        raise UserError(
            f"config.devices_per_batch: {devices_per_batch}, but there are {len(all_devices)} devices; give 1 to "
            f"{len(all_devices)}"
        )
    several = jax.process_count() > 1
    if several and axis in ("map", "vmap"):
        raise UserError(
            f"config.runs_axis: {axis} uses one device only; with {jax.process_count()} processes, use devices or auto"
        )
    backend = jax.default_backend()
    best = "map" if backend == "cpu" or (backend == "gpu" and fills_device) else "vmap"
    inner = axis if axis in ("map", "vmap") else best
    rows = len(all_devices) // devices_per_batch
    if inner == axis:
        rows, reason = 1, "as asked"
    else:
        rows = rows if several else min(rows, num_runs)
        kind = {"cpu": "CPU", "gpu": "a GPU"}.get(backend)
        reason = f"measured fastest on {kind}" if kind else "by rule, not measured on this platform"
    used = np.array(all_devices[: rows * devices_per_batch]).reshape(rows, devices_per_batch)
    return Layout(Mesh(used, ("runs", "data")), inner, reason)


def fills_device(params: Tree) -> bool:
    """Return whether one network with parameters [K, ...] fills a GPU, because its convolutions have many channels."""
    return any(leaf.ndim == 5 and fills_gpu(leaf.shape[-2]) for leaf in jax.tree.leaves(params))


def describe(layout: Layout) -> str:
    """Return a phrase that describes the layout, for messages."""
    rows, per_batch = layout.mesh.devices.shape
    each = f", {per_batch} devices for each batch" if per_batch > 1 else ""
    where = f"over {rows} x " if rows > 1 else "on "
    return f"by {layout.inner} {where}{layout.mesh.devices.flat[0].device_kind}{each} ({layout.reason})"
