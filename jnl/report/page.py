"""The page: one HTML file that needs no other file. Jinja2 escapes all text that comes from data and configs."""

import json
import re
from collections.abc import Iterable
from importlib import resources
from itertools import groupby
from typing import NamedTuple

import jinja2
from markupsafe import Markup, escape

from jnl.report.drawing import Figure
from jnl.report.formats import FORMATS
from jnl.report.run_tables import MEASUREMENTS
from jnl.report.series import Series
from jnl.report.table import Row, Table
from jnl.support.version import VERSION

_MOST_LINKS = 4  # if there are more setups, the links to them are folded
_MOST_STICKY = 12  # a longer legend does not stay in view
_FOLDED_FROM = 12  # a table of the details with at least this number of rows is folded


class Files(NamedTuple):
    """The raw files and the settings of one point of a workdir."""

    title: str
    links: list[tuple[str, str]]  # text, address relative to the page
    settings: list[tuple[str, str]]  # field, value


class Section(NamedTuple):
    """A setup at the top of the page, or a part of the details: figures and tables under one heading."""

    name: str  # the id of the section
    title: str
    figures: list[Figure]
    tables: list[tuple[str, Table]]  # name of its files, table


class Setup(NamedTuple):
    """What the page shows of one setup."""

    top: Section
    about: list[str]  # paragraphs below the figures
    further: Section
    leaderboards: list[Section]  # in full


class Page(NamedTuple):
    """Everything that the page shows."""

    title: str
    summary: str
    setups: list[Setup]
    published: Table
    runs: Table
    workdirs: list[Files]
    reading: list[str]  # paragraphs
    series: Series

    def sections(self) -> list[Section]:
        """Return all sections with figures and tables."""
        return [part for setup in self.setups for part in (setup.top, setup.further, *setup.leaderboards)]

    def tables(self) -> list[tuple[str, Table]]:
        """Return all tables that have rows, each with the name of its files."""
        whole = [("published", self.published), ("runs", self.runs)]
        inside = [pair for section in self.sections() for pair in section.tables]
        return [(name, table) for name, table in [*whole, *inside] if table.rows]

    def figures(self) -> list[Figure]:
        """Return all figures."""
        return [figure for section in self.sections() for figure in section.figures]


def render(page: Page) -> str:
    """Return the whole HTML file."""
    hover = {panel.name: panel.hover for figure in page.figures() for panel in figure.panels}
    return _template().render(
        page=page,
        numbers=page.series.numbers,
        looks=page.series.looks,
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
    environment.filters["in_groups"] = _in_groups
    environment.globals.update(
        files_of=_files_of,
        formats=list(FORMATS),
        measurements=MEASUREMENTS,
        folded_from=_FOLDED_FROM,
        most_links=_MOST_LINKS,
        most_sticky=_MOST_STICKY,
        version=VERSION,
    )
    return environment.from_string(_file("page.html"))


def _file(name: str) -> str:
    return resources.files("jnl.report").joinpath(name).read_text(encoding="utf-8")


def _breakable(text: str) -> Markup:
    """Let the browser break a long name after `_`, `/` and `=`."""
    return Markup(re.sub("([_/=])", r"\1<wbr>", str(escape(text))))


def _in_groups(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Return rows with the title of their group. Rows of a group follow each other."""
    return [(group, list(inside)) for group, inside in groupby(rows, lambda row: row.group)]


def _files_of(name: str, formats: Iterable[str]) -> list[tuple[str, str]]:
    """Return the links to a table or figure in each format."""
    return [(each.upper(), f"{name}.{each}") for each in formats]
