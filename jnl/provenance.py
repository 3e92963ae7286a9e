"""What made a result: command, versions, device, revision of the code."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax

from jnl.types import Json

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "ml-collections")


def record() -> dict[str, Json]:
    """For `config.json`."""
    device = jax.devices()[0]
    versions: dict[str, Json] = {"python": sys.version.split()[0]}
    versions |= {package: _version(package) for package in _PACKAGES}
    return {
        "command": " ".join(["python", *sys.argv]),
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
    """The revision of the code that runs, with `+changes` where tracked files differ from it."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty=+changes", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
