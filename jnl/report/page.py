"""The page: one HTML file that needs nothing else. All text from data and configs passes through `escape`."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import NamedTuple

from jnl.report.figures import Figure
from jnl.report.formats import FORMATS
from jnl.report.records import MEASUREMENTS
from jnl.report.style import look
from jnl.report.tables import Table

_FOLDED = 12  # rows from which a table is folded, but those of accuracies


class Files(NamedTuple):
    """Raw files of one workdir, relative to the page and ready for a link."""

    title: str
    links: list[tuple[str, str]]  # text, address
    settings: list[tuple[str, str]]


class Section(NamedTuple):
    """What the page shows of one board."""

    name: str  # of its id and files
    title: str
    labels: list[str]
    figures: list[Figure]
    tables: list[Table]


class Page(NamedTuple):
    """What the page shows."""

    summary: str
    published: Table
    sections: list[Section]
    runs: Table
    workdirs: list[Files]
    reading: list[str]  # paragraphs
    numbers: Mapping[str, int]  # label -> number of its look


def render(page: Page) -> str:
    """The whole file."""
    parts = {name: _file(f"page.{name}") for name in ("html", "css", "js")}
    main = [_table(page.published, page.numbers, "published", "")] if page.published.rows else []
    main += [_section(number, section, page.numbers) for number, section in enumerate(page.sections)]
    every = f'<p class="files">{_links([("All numbers, run by run: CSV", MEASUREMENTS)])}</p>'
    main += [_table(page.runs, page.numbers, "runs", ""), every, *map(_workdir, page.workdirs)]
    first = [("published", "Published and measured")] if page.published.rows else []
    contents = [*first, *((one.name, one.title) for one in page.sections), ("runs", "Runs"), ("reading", "How to read")]
    hover = {figure.name: figure.hover for one in page.sections for figure in one.figures}
    return Template(parts["html"]).substitute(
        style=parts["css"],
        script=parts["js"],
        summary=escape(page.summary),
        options="".join(f'<option value="{number}">{escape(one.title)}' for number, one in enumerate(page.sections)),
        contents="".join(f'<li><a href="#{name}">{escape(title)}</a>' for name, title in contents),
        main="\n".join(main),
        reading="\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in page.reading),
        hover=json.dumps(hover, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _file(name: str) -> str:
    return resources.files("jnl.report").joinpath(name).read_text(encoding="utf-8")


def _section(number: int, section: Section, numbers: Mapping[str, int]) -> str:
    legend = "".join(f"<li>{_button(label, numbers[label])}" for label in section.labels)
    figures = "\n".join(map(_figure, section.figures))
    main, *others = (_table(table, numbers, f"{section.name}-{table.name}", section.title) for table in section.tables)
    return (
        f'<section data-board="{number}" aria-labelledby="{section.name}">'
        f'<h2 id="{section.name}">{escape(section.title)}</h2>\n<ul class="legend">{legend}</ul>\n'
        f'{main}\n<div class="figures">{figures}</div>\n' + "\n".join(others) + "</section>"
    )


def _button(label: str, number: int) -> str:
    colour, dashes, _ = look(number)
    pattern = f' stroke-dasharray="{" ".join(str(2 * length) for length in dashes)}"' if dashes else ""
    line = f'<path d="M0 5H35" stroke="{colour}" stroke-width="3"{pattern}/>'
    swatch = f'<svg viewBox="0 0 35 10" aria-hidden="true" focusable="false">{line}</svg>'
    return f'<button type="button" data-series="{number}" aria-pressed="true" disabled>{swatch}{escape(label)}</button>'


def _figure(figure: Figure) -> str:
    files = _links((form.upper(), f"{figure.name}.{form}") for form in ("png", "svg"))
    return (
        f'<figure id="{figure.name}"><div role="img" aria-label="{escape(figure.caption)}">{figure.inline}</div>'
        f"<figcaption>{escape(figure.caption)}. {files}</figcaption></figure>"
    )


def _table(table: Table, numbers: Mapping[str, int], name: str, within: str) -> str:
    """`name`: of its files; `within`: the title of its section, empty for a table that is one by itself."""
    title, label = escape(table.title), escape(f"{table.title}, {within}" if within else table.title)
    head = "".join(f'<th scope="col">{escape(column)}' for column in table.columns)
    body = []
    for row in table.rows:
        series = f' data-series="{numbers[row.label]}"' if row.label in numbers else ""
        marked = ' class="marked"' if row.marked else ""
        first, others = _cell(row.texts[0], "<wbr>"), map(_cell, row.texts[1:])
        body.append(f'<tr{series}{marked}><th scope="row">{first}' + "".join(f"<td>{one}" for one in others))
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    box = (
        f'<div class="box" role="region" aria-label="{label}" tabindex="0"><table><thead><tr>{head}'
        f"<tbody>{''.join(body)}</table></div>"
    )
    files = f'<p class="files">{_links((form.upper(), f"{name}.{form}") for form in FORMATS)}</p>'
    heading = f"<h3>{title}</h3>" if within else f'<h2 id="{name}">{title}</h2>'
    if table.name not in ("accuracy", "published") and len(table.rows) >= _FOLDED:
        return f"{heading}\n<details><summary>Show {len(table.rows)} rows</summary>{note}{box}{files}</details>"
    return f"{heading}\n{note}{box}{files}"


def _cell(text: str, breaks: str = "") -> str:
    """The first line, smaller ones below; a verdict is a word of its own. `breaks`: where a long name may go on."""
    first, *others = (re.sub("([_/=])", rf"\1{breaks}", escape(line)) for line in text.split("\n"))
    first = f'<span class="word">{first}</span>' if first == "missed" else first
    return first + "".join(f"<br><small>{one}</small>" for one in others)


def _workdir(files: Files) -> str:
    settings = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in files.settings)
    return (
        f'<details class="settings"><summary>{escape(files.title)}</summary><p class="files">{_links(files.links)}</p>'
        f"<dl>{settings}</dl></details>"
    )


def _links(links: Iterable[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    return " ".join(f'<a href="{escape(address)}">{escape(text)}</a>' for text, address in links)
