"""A training records the code that it runs, and no other."""

from conftest import ROOT

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
