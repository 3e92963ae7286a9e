"""The documents: their links lead somewhere, their lists are complete, and the README stays short."""

import re

import pytest
from conftest import ROOT
from helpers.pages import PAGES, choosing_figure, readme_figure, tables

from jnl import data, noise, strategies
from jnl.settings.config import default
from jnl.settings.schema import FIELDS
from jnl.support.json_values import leaves
from jnl.training import metrics


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
    assert [kind for kind in noise.names() if f"`{kind}`" not in text and not kind.startswith("asymmetric_")] == []


@pytest.mark.parametrize(
    ("page", "names"), [("results.md", metrics.names()), ("data.md", sorted(set(data.names()) - {"tfds"}))]
)
def test_all_metrics_and_data_sets_are_listed(page, names):
    text = (ROOT / "docs" / page).read_text()
    assert [name for name in names if f"`{name}`" not in text] == []


def test_all_pages_are_in_the_contents():
    contents = (ROOT / "docs" / "index.md").read_text().partition("{toctree}")[2].split()
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"} <= set(contents)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_is_not_long(path):
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_cell_of_a_table_is_one_paragraph(path):
    assert "<br>" not in path.read_text()


@pytest.mark.parametrize("name", tables.OF_CODE)
def test_a_table_that_is_made_from_code_is_up_to_date(name):
    """If this fails, `python docs/tables.py` writes the tables anew."""
    (page,) = [path for path in PAGES if f"<!-- table {name} -->" in path.read_text()]
    assert tables.written(page.read_text(), {name: tables.OF_CODE[name]}) == page.read_text()


@pytest.mark.slow
def test_the_table_of_published_numbers_is_up_to_date():
    page = (ROOT / "docs" / "departures.md").read_text()
    assert tables.written(page, tables.OF_RESULTS) == page


def test_every_field_has_its_default_and_meaning_on_the_page():
    page = (ROOT / "docs" / "configuration.md").read_text()
    for name, field in FIELDS.items():
        assert field.meaning.endswith(".") and field.meaning in page
        assert page.count(f"| `{name}` |") == 1


@pytest.mark.parametrize("name", strategies.names())
def test_every_field_of_a_config_is_described(name):
    fields = {field for field, _ in leaves(default(name).to_dict())}
    assert fields <= FIELDS.keys() | {f"strategy.{hyper}" for hyper in strategies.hypers(name)}


@pytest.mark.slow
@pytest.mark.parametrize("script", [choosing_figure, readme_figure], ids=lambda script: script.__name__)
def test_a_figure_can_be_drawn_again(script, tmp_path, monkeypatch):
    """Its shapes are those of the picture in the repository; the bytes depend on the version of Matplotlib."""
    before = script.PICTURE.read_text()
    monkeypatch.setattr(script, "PICTURE", tmp_path / "again.svg")
    script.main()
    shapes = [set(re.findall(r'id="(\w+)"', text)) for text in (before, script.PICTURE.read_text())]
    assert {name for name in shapes[0] if name.startswith(("line2d", "FillBetween", "patch"))} <= shapes[1]
