"""Configs by name: `jnl.get_config`, the files of `configs/` and the command line give the same."""

import ntpath

import pytest
from conftest import ROOT, slow_but
from helpers.of_others import weighted

import jnl
from jnl.settings import methods
from jnl.settings.config import default
from jnl.settings.config_file import load
from jnl.settings.published import method, names
from jnl.support import registry

FILES = sorted(path.stem for path in (ROOT / "configs").glob("[a-z]*.py"))


def test_every_config_has_a_file_and_every_file_a_config():
    assert names() == FILES


@pytest.mark.parametrize("name", slow_but(" ".join(name for name in FILES if not name.startswith("bench_")), FILES))
def test_a_file_a_bare_name_and_a_call_are_the_same(name):
    wanted = jnl.get_config(name, "quick").to_dict()
    for reference in (f"{ROOT}/configs/{name}.py:quick", f"{name}:quick"):
        assert load(reference).to_dict() == wanted
    assert load(name).to_dict() == jnl.get_config(name).to_dict()


def test_a_method_of_the_caller_may_be_given_as_a_function():
    assert (
        jnl.get_config(weighted).strategy.to_dict() == jnl.get_config("helpers.of_others:weighted").strategy.to_dict()
    )


def test_a_path_of_windows_is_a_file(monkeypatch):
    monkeypatch.setattr("os.path.splitdrive", ntpath.splitdrive)
    with pytest.raises(jnl.UserError, match=r"the file 'C:\\\\mine.py' does not exist"):
        load(r"C:\mine.py:data=digits")


def test_a_file_of_a_method_is_no_config(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def trimmed(): pass\n")
    with pytest.raises(jnl.UserError, match="give --config=mine:trimmed:data=digits,rate=0.4 in the folder of the fi"):
        load(f"{file}:trimmed:data=digits,rate=0.4")
    with pytest.raises(jnl.UserError, match="has no function get_config; write `def get_config"):
        load(f"{file}:data=digits")


def test_every_file_of_a_method_belongs_to_a_strategy():
    assert set(registry.names(methods)) <= set(jnl.strategies.names())


def test_a_strategy_without_a_file_has_the_defaults():
    assert method("of_somebody_else").settings(config := default()) is None
    assert config.to_dict() == default().to_dict()


def test_a_name_that_does_not_exist():
    with pytest.raises(jnl.UserError, match="the name of the config: unknown name 'jocr'; did you mean 'jocor'"):
        jnl.get_config("jocr")
    with pytest.raises(jnl.UserError, match="--config: unknown name 'jocr'; did you mean 'jocor'"):
        load("jocr:data=mnist")
    with pytest.raises(jnl.UserError, match="tiny_imagenet; or, for a method of your own, MODULE:FUNCTION"):
        load("trimmed:data=digits")
    with pytest.raises(jnl.UserError, match="--config: there is no module 'no_such_file' in this folder or where"):
        load("no_such_file:trimmed:data=digits")
    with pytest.raises(jnl.UserError, match="--config: unknown name 'jocr'; did you mean 'jocor'"):
        load("jocr:quick")
