"""A training records the code that it runs, and no other."""

from importlib import import_module

from conftest import ROOT

import jnl
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
    """From a folder of files and from a package, also of jnl, but not what is elsewhere."""
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
    assert of_file.keys() - base == {"of_a_file.method", "beside", "further", "strategies/jocor.py"}
    assert of_package.keys() - base == {
        "a_package.inner.method", "a_package", "a_package.sibling", "a_package.sub", "a_package.sub.deep"
    }  # fmt: skip
    of_jnl = digests([], [type(jnl.models.make("mlp", 10))])
    assert [name for name in of_jnl if name.startswith("jnl.")] == [
        "jnl.models.mlp.MLP"
    ]  # not what is loaded beside it
    either = digests([], [import_module("either_way").method])
    assert either.keys() - base == {"either_way.method", "further", "strategies/gce.py"}
    (tmp_path / "further.py").write_text("NUMBER = 2\n")
    changed = digests([], [file.method])
    assert {name for name in changed if changed[name] != of_file[name]} == {"further"}
