"""The page: one HTML file that needs no other file. Jinja2 escapes all text that comes from data and configs."""

import json
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import NamedTuple

import jinja2
from markupsafe import Markup, escape

from jnl.report.figures import Figure
from jnl.report.formats import FORMATS
from jnl.report.records import MEASUREMENTS
from jnl.report.style import look
from jnl.report.tables import Table

_FOLDED_FROM = 12  # a table with at least this number of rows is folded
_ALWAYS_OPEN = ("accuracy", "published")  # tables that are never folded


class Files(NamedTuple):
    """The raw files and the settings of one point of a workdir."""

    title: str
    links: list[tuple[str, str]]  # text, address relative to the page
    settings: list[tuple[str, str]]  # field, value


class Section(NamedTuple):
    """What the page shows of one board."""

    name: str  # the id of the section, and the start of the names of its files
    title: str
    labels: list[str]
    figures: list[Figure]
    tables: list[Table]


class Page(NamedTuple):
    """Everything that the page shows."""

    summary: str
    published: Table
    sections: list[Section]
    runs: Table
    workdirs: list[Files]
    reading: list[str]  # paragraphs
    numbers: Mapping[str, int]  # label -> number of its look


def render(page: Page) -> str:
    """Return the whole HTML file."""
    first = [("published", "Published and measured")] if page.published.rows else []
    sections = [(section.name, section.title) for section in page.sections]
    hover = {figure.name: figure.hover for section in page.sections for figure in section.figures}
    return _template().render(
        page=page,
        numbers=page.numbers,
        contents=[*first, *sections, ("runs", "Runs"), ("reading", "How to read")],
        style=_file("page.css"),
        script=_file("page.js"),
        # A script element ends at the first "</script", even inside a string.
        hover=json.dumps(hover, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = _breakable
    environment.globals.update(
        look=look,
        files_of=_files_of,
        formats=list(FORMATS),
        measurements=MEASUREMENTS,
        folded_from=_FOLDED_FROM,
        always_open=_ALWAYS_OPEN,
    )
    return environment.from_string(_file("page.html"))


def _file(name: str) -> str:
    return resources.files("jnl.report").joinpath(name).read_text(encoding="utf-8")


def _breakable(text: str) -> Markup:
    """Let the browser break a long name after `_`, `/` and `=`."""
    return Markup(re.sub("([_/=])", r"\1<wbr>", str(escape(text))))


def _files_of(name: str, formats: Iterable[str]) -> list[tuple[str, str]]:
    """Return the links to a table or figure in each format."""
    return [(each.upper(), f"{name}.{each}") for each in formats]
