"""The rules of the house: imports only downwards, small files, no TensorFlow, one list of dependencies."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

FLOORS = [  # a package imports those above it in this list; of its own line only itself
    ["support"],
    ["core"],
    ["ops", "noise", "data"],
    ["models", "strategies", "training"],
    ["parallel", "testing"],
    ["settings"],
    ["results"],
    ["inference"],
    ["experiment"],
    ["label_audit"],
    ["report", "studies", "benchmark"],
    ["cli"],
    ["__main__"],
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
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


def package(path):
    """jnl/data/readers/words.py -> data."""
    return path.relative_to(ROOT / "jnl").with_suffix("").parts[0]


def test_files_are_small():
    paths = [*FILES, *(ROOT / "tests").rglob("*.py")]
    assert not {str(path.relative_to(ROOT)) for path in paths if len(path.read_text("utf-8").splitlines()) > 350}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(path):
    own = package(path)
    if own == "__init__":
        return
    used = {part(module) for module in imports(path)} - {None, own}
    assert used <= FLOOR.keys()
    assert all(FLOOR[name] < FLOOR[own] for name in used), used


def test_every_package_has_a_floor():
    assert {package(path) for path in FILES} - {"__init__"} == FLOOR.keys()


@pytest.mark.parametrize("path", [f for f in FILES if f.parent.name == "strategies" and f.stem != "__init__"], ids=str)
def test_a_strategy_knows_little(path):
    used = {part(module) for module in imports(path)} - {None}
    assert used <= {"support", "core", "ops", "noise", "strategies"}


def test_code_of_one_run_does_not_know_the_runs_axis():
    for path in FILES:
        if package(path) in ("strategies", "training"):
            assert not re.search(r"\[S[,\]]", path.read_text()), path


@pytest.mark.slow
def test_training_never_imports_tensorflow(shared_data):
    code = f"import sys, jnl; jnl.data.load('fashion_mnist', {str(shared_data)!r}); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_requirements_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {line.replace("'", '"') for line in project["dependencies"]}
    listed = (ROOT / "requirements.txt").read_text().splitlines()
    assert {line for line in listed if line and not line.startswith("#")} == wanted
