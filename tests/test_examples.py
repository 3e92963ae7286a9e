"""The examples in docstrings run, and give what they show."""

import doctest
from importlib import import_module

import pytest
from conftest import ROOT

WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "jnl").rglob("*.py"))
    if ">>>" in path.read_text()
]


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_of(module):
    result = doctest.testmod(import_module(module))
    assert result.attempted and not result.failed
