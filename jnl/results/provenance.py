"""Where a result comes from: command, versions, device, revision of the code, and fingerprints of data and labels."""

import hashlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax
import numpy as np

from jnl.data.dataset import Dataset
from jnl.support.json_values import Json
from jnl.training.spec import RunInputs

_ALL = 2**30  # a digest reads all of an array up to this number of bytes, and only some rows of a larger one
_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "ml-collections", "orbax-checkpoint")


def record() -> dict[str, Json]:
    """Return the command, versions, device and revision of this process, for `config.json`."""
    device = jax.devices()[0]
    versions: dict[str, Json] = {"python": sys.version.split()[0]}
    versions |= {package: _version(package) for package in _PACKAGES}
    return {
        "command": shlex.join(["python", *sys.orig_argv[1:]]),
        "versions": versions,
        "device": f"{jax.device_count()} x {device.platform} ({device.device_kind})",
        "git_revision": _git_revision(),
    }


def fingerprint(
    datasets: Sequence[Dataset], runs: Sequence[Sequence[RunInputs]], code: dict[str, str], network: str | None = None
) -> dict[str, Json]:
    """Return the SHA-256 of the data, the names of its classes, the noisy labels and splits of all runs, and the code.

    The noisy labels of each run have a digest of their own, too.

    Args:
      datasets: the data set of each program.
      runs: the runs of each program.
      code: what `code_files.digests` returns.
      network: the digest of a network that the caller gave, if there is one.
    """
    different = {id(dataset): dataset for dataset in datasets}.values()
    labels = [array for each in runs for run in each for array in (run.labels, run.train_index, run.validation_index)]
    return {
        "data": _digest(leaf for dataset in different for leaf in jax.tree.leaves(dataset[:2])),
        "labels": _digest(labels),
        "labels_of_runs": [
            _digest([run.labels]) for each in runs for run in each
        ],  # by these, the report compares runs
        "class_names": hashlib.sha256(repr([dataset.class_names for dataset in different]).encode()).hexdigest(),
        "code": code,
        **({} if network is None else {"network": network}),
    }


def _digest(arrays: Iterable[np.ndarray | jax.Array]) -> str:
    """Return the SHA-256 of arrays. Of an array above 1 GiB, only evenly spaced rows of at most 1 GiB are read."""
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array[:: 1 + array.nbytes // _ALL]).data)
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_revision() -> str | None:
    """Return the git revision of the code that runs, or None for an installed copy.

    `+changes` follows the revision if tracked files have changed.
    """
    root = Path(__file__).parents[2]
    describe = ("describe", "--always", "--abbrev=40", "--dirty=+changes", "--exclude=*")
    top = _git(root, "rev-parse", "--show-toplevel")
    return _git(root, *describe) if top is not None and Path(top) == root.resolve() else None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return os.fsdecode(done.stdout).strip()
