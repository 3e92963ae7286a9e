"""The code on the pages of the documentation runs, and their commands have options that exist."""

import argparse
import re
import shlex
import sys

import pytest
from conftest import ROOT
from helpers.pages import PAGES, blocks

from jnl import cli
from jnl.cli._flags import parse
from jnl.settings.schema import FIELDS
from jnl.settings.sweep import points

WITH_PYTHON = [path for path in PAGES if blocks(path, "python") and path.name != "README.md"]  # test_readme.py runs it


def run(path):
    """Run the Python of a page from top to bottom in the working directory, and return its variables.

    A block that starts with the name of a file is a part of this file, which is there from the beginning.
    """
    code, found = blocks(path, "python"), {"__name__": "page"}
    files = {block: re.match(r"# (\w+\.py)\n", block) for block in code}
    for block, file in files.items():
        if file:
            with open(file[1], "a") as module:
                module.write(block)
    for block in code:
        if not files[block]:
            exec(compile(block, str(path), "exec"), found)
    return found


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty working directory, where Python finds modules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_plugins", raising=False)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_PYTHON, ids=lambda path: path.name)
def test_the_python_of_a_page_runs(path, elsewhere, capsys):
    found = run(path)
    if path.name == "extending.md":
        assert found["with_optax"] > 0.85 and found["with_nnx"] > 0.8
        check(next(line for line in commands(path) if "my_plugins" in line))


def commands(path):
    """The commands `jnl` and `train.py` in the blocks of a page, without the variables that are set before them."""
    text = "\n".join(blocks(path, "", "sh")).replace("\\\n", " ")
    for line in re.split(r"\n|&&", text):
        if found := re.search(r"\b(?:jnl|python train\.py|python -m jnl)(?= )(?P<words>.*?)&?$", line.strip()):
            yield f"{'train ' if 'train.py' in found[0] else ''}{found['words'].strip()}"


class Parsed(Exception):
    """The arguments of a command are right."""


def check(command):
    """Read the arguments of a command without running it. A wrong one raises `UserError` or `SystemExit`."""
    name, *words = shlex.split(command)
    if name == "train":
        list(points(parse(words)[0]))
    else:
        with pytest.raises(Parsed):
            cli.main([name, *words])


ON_PAGES = [(path, command) for path in PAGES for command in commands(path)]


@pytest.mark.parametrize(("path", "command"), ON_PAGES, ids=lambda value: getattr(value, "name", None))
def test_a_command_of_a_page_has_options_that_exist(path, command, monkeypatch):
    if "my_plugins" in command:
        return  # the test above checks it, beside the file that it names
    whole = argparse.ArgumentParser.parse_args

    def only_parse(parser, arguments):
        whole(parser, arguments)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", only_parse)
    monkeypatch.chdir(ROOT)
    check(command)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_field_that_a_page_names_exists(path):
    sections = {field.partition(".")[0] for field in FIELDS if "." in field}
    for field in re.findall(r"--config\.([a-z_.]+)=", path.read_text()):
        section, _, option = field.partition(".")
        assert field in FIELDS or (section in ("strategy", "model", "data") and option), field
        assert section in sections | FIELDS.keys()
