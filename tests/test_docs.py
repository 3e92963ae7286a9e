"""The documents: their links lead somewhere, their lists are complete, and the README stays short."""

import re

import pytest
from conftest import ROOT

from jnl import noise, strategies

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```|`[^`\n]*`(?!\])", "", path.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 200


@pytest.mark.parametrize("page", ["README.md", "docs/methods.md"])
def test_all_methods_are_listed(page):
    text = (ROOT / page).read_text()
    assert [name for name in strategies.names() if f"[`{name}`]" not in text] == []


def test_all_kinds_of_noise_are_listed():
    text = (ROOT / "docs" / "noise.md").read_text()
    assert [kind for kind in noise.KINDS if f"`{kind}`" not in text and not kind.startswith("asymmetric_")] == []


def test_all_pages_are_in_the_contents():
    contents = (ROOT / "docs" / "index.md").read_text().partition("{toctree}")[2].split()
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"} <= set(contents)
