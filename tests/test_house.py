"""The rules of the house: imports only downwards, small files, no TensorFlow, one list of dependencies."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

FLOORS = {
    0: ["errors", "interrupt", "types", "registry", "networks", "memory", "suspects"],
    1: [
        "losses",
        "selection",
        "schedules",
        "noise",
        "instance_noise",
        "curves",
        "metrics",
        "augment",
        "data",
        "models",
        "devices",
        "optimisers",
        "evaluation",
        "confident",
        "operations",
    ],
    2: ["strategies", "statistics"],
    3: ["recipe", "step", "epoch"],
    4: ["layout", "whole_epoch", "runs", "writers", "provenance", "checkpoint", "workdir", "training", "scalars"],
    5: [
        "config",
        "protocols",
        "sweep",
        "command",
        "plans",
        "parts",
        "folds",
        "left_out",
        "description",
        "experiment",
        "tensorboard",
        "wandb",
    ],
    6: ["benchmark", "report", "studies"],
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names}
FILES = sorted((ROOT / "jnl").rglob("*.py"))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "jnl":
                yield from (f"jnl.{alias.name}" for alias in node.names)


def part(module):
    """jnl.data.cache -> data."""
    return module.split(".")[1] if module.startswith("jnl.") else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards_and_files_are_small(path):
    assert len(path.read_text().splitlines()) <= 350
    own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if own == "jnl.__init__":
        return
    used = {part(module) for module in imports(path)} - {None}
    assert used <= FLOOR.keys()
    assert all(FLOOR[name] <= FLOOR[part(own)] for name in used)


def test_every_file_has_a_floor():
    found = {path.stem if path.parent.name == "jnl" else path.parent.name for path in FILES} - {"__init__", "sources"}
    assert found == FLOOR.keys()


@pytest.mark.parametrize("path", [f for f in FILES if f.parent.name == "strategies" and f.stem != "__init__"], ids=str)
def test_a_strategy_knows_little(path):
    assert {part(module) for module in imports(path)} - {None} <= {
        "errors",
        "types",
        "losses",
        "selection",
        "strategies",
        "memory",
        "suspects",
        "networks",  # these three for a step of its own, or a gradient
        "augment",
        "confident",
    }


def test_only_runs_knows_the_runs_axis():
    for path in FILES:
        if part(".".join(path.relative_to(ROOT).with_suffix("").parts)) in ("step", "epoch", "strategies", "losses"):
            assert not re.search(r"\[S[,\]]", path.read_text()), path


def test_training_never_imports_tensorflow(shared_data):
    code = f"import sys, jnl; jnl.data.load('fashion_mnist', {str(shared_data)!r}); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_requirements_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {line.replace("'", '"') for line in project["dependencies"] + project["optional-dependencies"]["test"]}
    listed = (ROOT / "requirements.txt").read_text().splitlines()
    assert {line for line in listed if line and not line.startswith("#")} == wanted
