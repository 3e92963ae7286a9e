"""What made a result: command, versions, device, revision of the code."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "ml-collections")


def record() -> dict[str, str | dict[str, str | None] | None]:
    """For `config.json`."""
    device = jax.devices()[0]
    return {
        "command": " ".join(["python", *sys.argv]),
        "versions": {"python": sys.version.split()[0], **{package: _version(package) for package in _PACKAGES}},
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
