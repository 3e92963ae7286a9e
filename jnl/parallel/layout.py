"""Where the runs of a program go, and how a device goes through its share of them."""

from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from jnl.core.errors import UserError, unknown

AXES = ["auto", "devices", "map", "vmap"]


class Layout(NamedTuple):
    """Where the runs go, and how."""

    mesh: Mesh  # axes `runs` and `data`: each batch is spread over the devices of one row
    inner: str  # how a device goes through its runs: `vmap` (one batched program) or `map` (one after the other)
    reason: str  # why, for people


def choose(axis: str, num_runs: int, devices_per_batch: int = 1) -> Layout:
    """The layout for `runs_axis`.

    `vmap` and `map` use one device (or `devices_per_batch`). `devices` spreads the runs over all devices of all hosts;
    each goes through its share by `map` on CPU and by `vmap` elsewhere. `auto` takes `devices`.

    On CPU that rule is measured (`jnl.benchmark`, 2 cores, MLP, 8 runs, seconds per run and epoch): `devices` 0.71,
    `map` 1.03, `vmap` 1.05. On a GPU (H200, MLP) one run takes 0.032 by `map`, each of 32 takes 0.005 by `vmap`, which
    fills a device that one small run does not. On a TPU it is not measured.

    Raises:
      UserError: an unknown axis, or one that these devices cannot form.
    """
    if axis not in AXES:
        raise unknown("runs_axis", axis, AXES)
    all_devices = jax.devices()
    if not 1 <= devices_per_batch <= len(all_devices):
        raise UserError(f"config.devices_per_batch: {devices_per_batch}; there are {len(all_devices)} devices")
    several = jax.process_count() > 1
    if several and axis in ("map", "vmap"):
        raise UserError(f"runs_axis: {axis} is one device's; with {jax.process_count()} processes use devices or auto")
    best = "map" if jax.default_backend() == "cpu" else "vmap"
    inner = axis if axis in ("map", "vmap") else best
    rows = len(all_devices) // devices_per_batch
    if inner == axis:
        rows, reason = 1, "as asked"
    else:
        rows = rows if several else min(rows, num_runs)
        kind = {"cpu": "CPU", "gpu": "a GPU"}.get(jax.default_backend())
        reason = f"measured fastest on {kind}" if kind else "by rule, not measured on this platform"
    used = np.array(all_devices[: rows * devices_per_batch]).reshape(rows, devices_per_batch)
    return Layout(Mesh(used, ("runs", "data")), inner, reason)


def describe(layout: Layout) -> str:
    """One phrase for people."""
    rows, per_batch = layout.mesh.devices.shape
    each = f", {per_batch} devices to a batch" if per_batch > 1 else ""
    where = f"over {rows} x " if rows > 1 else "on "
    return f"by {layout.inner} {where}{layout.mesh.devices.flat[0].device_kind}{each} ({layout.reason})"
