"""Plug-ins are found by the name of their file; a file that is not a plug-in is named in one line."""

import sys
from types import ModuleType

import pytest

from jnl.support import registry
from jnl.support.errors import UserError


@pytest.fixture
def package(tmp_path, monkeypatch) -> ModuleType:
    """A package with three files, of which one holds a function of its own name."""
    folder = tmp_path / "plug_ins_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "right.py").write_text("def right(size: int = 3): return size\n")
    (folder / "misnamed.py").write_text("def other(): return 0\n")
    (folder / "_helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__(folder.name)
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_plug_ins_are_the_files_without_an_underscore(package):
    assert registry.names(package) == ["misnamed", "right"]


def test_a_plug_in_is_the_function_named_like_its_file(package):
    right = registry.function(package, "right", "model.name")
    assert registry.keywords(right) == {"size": 3}
    assert right(4) == 4


def test_a_function_of_another_name_is_told(package):
    with pytest.raises(UserError, match=r"model.name: misnamed.py in \w+ does not define the function 'misnamed'"):
        registry.function(package, "misnamed", "model.name")


def test_an_unknown_name_is_told_with_the_nearest_one(package):
    with pytest.raises(UserError, match="did you mean 'right'"):
        registry.function(package, "rigth", "model.name")


def test_an_argument_without_a_default_is_told():
    with pytest.raises(UserError, match="the argument 'size' has no default; give it one"):
        registry.keywords(lambda size: size)
