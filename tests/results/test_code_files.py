"""A training records the code that it runs, and no other."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from conftest import ROOT

import jnl
from jnl.results import own_code
from jnl.results.code_files import PLUGINS, digests

SHARED = {"training/step.py", "core/strategy.py", "strategies/__init__.py", "parallel/multi_run.py"}


def test_only_what_is_used_and_what_that_imports():
    found = digests(["strategies/coteaching_plus", "models/cnn_small", "data/sources/digits", "noise/kinds/pair"])
    assert SHARED <= found.keys()
    plugins = {file for file in found if file.startswith(PLUGINS) and not file.endswith("__init__.py")}
    assert plugins == {
        "strategies/coteaching_plus.py", "strategies/coteaching.py", "models/cnn_small.py", "models/lenet.py",
        "models/_layers.py", "models/_network.py", "models/_precision.py",
        "data/sources/digits.py", "noise/kinds/pair.py", "strategies/_own_loop.py",
    }  # fmt: skip
    assert not any(file.startswith(("report/", "studies/", "cli/", "benchmark/")) for file in found)


def test_every_file_of_jnl_is_shared_a_plug_in_or_never_trains():
    every = [f"{folder}/{path.stem}" for folder in PLUGINS for path in (ROOT / "jnl" / folder).glob("*.py")]
    missing = {str(path.relative_to(ROOT / "jnl")) for path in (ROOT / "jnl").rglob("*.py")} - digests(every).keys()
    assert {path.split("/")[0] for path in missing} == {
        "benchmark",
        "cli",
        "inference",
        "label_audit",
        "report",
        "settings",
        "studies",
        "testing",
    }
    assert all("/methods/" in path or "/experiments/" in path for path in missing if path.startswith("settings"))


class Mine:
    """Code of the caller."""


def test_code_of_the_caller_is_recorded(caplog):
    found = digests([], [Mine, len])
    assert f"{Mine.__module__}.Mine" in found
    assert "the source of" in caplog.text


def test_what_it_imports_beside_it_is_recorded_too(tmp_path, monkeypatch):
    """From the folder of a file, from a package, and from jnl, but not what is elsewhere."""
    files = {
        "of_a_file.py": "import numpy\nimport beside\nfrom a_package.inner import method as m\ndef method(): 0\n",
        "beside.py": "from further import NUMBER\nfrom jnl.strategies.jocor import jocor\n",
        "further.py": "NUMBER = 1\n",
        "a_package/__init__.py": "",
        "a_package/inner.py": "import beside\nfrom . import sibling\nfrom .sub.deep import NUMBER\ndef method(): 0\n",
        "a_package/sibling.py": "", "a_package/sub/__init__.py": "", "a_package/sub/deep.py": "NUMBER = 1\n",
        "a_package/unused.py": "",
        "either_way.py": "try:\n    from .further import NUMBER\nexcept ImportError:\n    from further import NUMBER\n"
        "import jnl.strategies.gce as base\ndef method(): 0\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    file, package = import_module("of_a_file"), import_module("a_package.inner")
    of_file, of_package = (digests([], [module.method]) for module in (file, package))
    base = digests([]).keys()
    inner = {"a_package", "a_package.sibling", "a_package.sub", "a_package.sub.deep"}
    assert of_file.keys() - base == inner | {
        "of_a_file.method", "beside", "further", "strategies/jocor.py", "a_package.inner"
    }  # fmt: skip
    assert of_package.keys() - base == inner | {"a_package.inner.method"}
    of_jnl = digests([], [type(jnl.models.make("mlp", 10))])
    assert [name for name in of_jnl if name.startswith("jnl.")] == [
        "jnl.models.mlp.MLP"
    ]  # not what is loaded beside it
    either = digests([], [import_module("either_way").method])
    assert either.keys() - base == {"either_way.method", "further", "strategies/gce.py"}
    (tmp_path / "further.py").write_text("NUMBER = 2\n")
    changed = digests([], [file.method])
    assert {name for name in changed if changed[name] != of_file[name]} == {"further"}


def test_of_a_script_what_its_lines_stand_for_is_recorded(tmp_path):
    """Helpers, classes, numbers and files beside the script, but not what the method does not use.

    `Pair` has no source, and Python's own modules are no code of the caller, also if Python is in the same folder.
    """
    script = """
import json
from collections import namedtuple
import jax
import numpy
import beside
from a_package.inner import square

WEIGHT, UNUSED = 0.5, 1
NAMES = ("a", "b")
Pair = namedtuple("Pair", "first second")

class Scale:
    def __call__(self, loss):
        return WEIGHT * loss

@jax.jit
def helper(loss):
    unused = 2
    return [scale(value) for value in square(loss)]

def unused():
    return UNUSED

scale = Scale()

def method(exponent=beside.NUMBER):
    return numpy.asarray(helper(exponent)), NAMES, Pair(json.dumps(1), 2)

if __name__ == "__main__":
    from jnl.results.code_files import digests, of_others
    print(json.dumps(of_others(digests([], [method]))))
"""
    files = {
        "script.py": script, "beside.py": "NUMBER = 1\n", "a_package/__init__.py": "",
        "a_package/inner.py": "from .sibling import square\n", "a_package/sibling.py": "def square(x): return x * x\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def recorded():
        command, environment = [sys.executable, tmp_path / "script.py"], {"PYTHONPATH": str(ROOT)}
        return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

    first = recorded()
    assert first.keys() == {
        "__main__.method", "__main__.helper", "__main__.Scale", "__main__.WEIGHT", "beside", "a_package.sibling"
    }  # fmt: skip
    (tmp_path / "script.py").write_text(script.replace("0.5", "0.25").replace("UNUSED = ", "UNUSED = 1"))
    second = recorded()
    assert {name for name in first if first[name] != second[name]} == {"__main__.WEIGHT"}


def test_python_below_the_folder_of_a_notebook_is_no_code_of_the_caller(monkeypatch):
    """A notebook has no file, so its folder is the current one."""
    notebook = ModuleType("__main__")
    monkeypatch.chdir(Path(json.__file__).parents[1])
    assert not own_code._beside(json, notebook)
