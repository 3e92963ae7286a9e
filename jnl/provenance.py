"""What made a result: command, versions, device, revision of the code."""

import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax

from jnl.registry import Json

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "ml-collections")


def record() -> dict[str, Json]:
    """For `config.json`."""
    device = jax.devices()[0]
    versions: dict[str, Json] = {"python": sys.version.split()[0]}
    versions |= {package: _version(package) for package in _PACKAGES}
    return {
        "command": shlex.join(["python", *sys.orig_argv[1:]]),
        "versions": versions,
        "device": f"{jax.device_count()} x {device.platform} ({device.device_kind})",
        "git_revision": _git_revision(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_revision() -> str | None:
    """The revision of the code that runs, with `+changes` where tracked files differ; None for an installed copy."""
    root = Path(__file__).parents[1]
    describe = ("describe", "--always", "--abbrev=40", "--dirty=+changes", "--exclude=*")
    top = _git(root, "rev-parse", "--show-toplevel")
    return _git(root, *describe) if top is not None and Path(top) == root.resolve() else None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
