"""Write the tables of the documentation that are made from the code: `python docs/tables.py`.

A page marks the place of a table by two comments: `<!-- table NAME -->` and `<!-- end -->`. Tests hold that the pages
are up to date, and `docs/conf.py` writes the tables before it builds.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from measured import NOISES, last_epoch

from jnl import data, models, strategies
from jnl.data import sources
from jnl.ops.curves import STATISTICS
from jnl.report.grouping import leaderboards
from jnl.report.reading import read
from jnl.report.verdicts import Verdict, verdicts_on
from jnl.settings.fields import OnResume, role
from jnl.settings.published import method
from jnl.settings.schema import FIELDS
from jnl.support import registry

PAGES = Path(__file__).parent
RESULTS = PAGES.parent / "results"
_RESUME = {OnResume.REFUSE: "refused", OnResume.WARN: "allowed, with a warning", OnResume.ACCEPT: "allowed"}


def fields() -> str:
    """Return the table of all fields of a config."""
    rows = [
        (f"`{name}`", _shown(field.default), field.meaning, _RESUME[role(name).on_resume])
        for name, field in FIELDS.items()
    ]
    return table(("field", "default", "meaning", "another value on resuming"), rows)


def methods() -> str:
    """Return the table of the hyperparameters of all methods."""
    return _options(strategies, strategies.names(), strategies.hypers, "strategies")


def networks() -> str:
    """Return the table of the options of all networks."""
    return _options(models, models.names(), models.options, "models", skip=("num_classes",))


def data_sets() -> str:
    """Return the table of the options of all data sets."""
    return _options(sources, data.names(), data.options, "data/sources", "load", skip=("dir", "part"))


def departures() -> str:
    """Return the table of what departs from published code."""
    rows = []
    for name in strategies.names():
        code = method(name).reference
        none = f"No `reference`: {code}. " if isinstance(code, str) else ""
        rows.append((f"[`{name}`](../jnl/strategies/{name}.py)", (none + _departures(name)).strip()))
    return table(("method", "departures from published code"), rows)


def numbers() -> str:
    """Return the tables of published and measured numbers with their verdicts: one for each source and data set."""
    grouped: dict[str, list[Verdict]] = {}
    for one in verdicts_on(leaderboards(read([RESULTS]))[0]):
        if one.missed is not None:
            paper = one.published
            grouped.setdefault(f"{paper.source}, {paper.data}, {STATISTICS[paper.statistic]}", []).append(one)
    head = ("noise", "method", "published", "measured", "runs", "verdict")
    return "\n\n".join(f"**{title}**\n\n{table(head, map(_number, inside))}" for title, inside in grouped.items())


def measured() -> str:
    """Return the table of all methods on MNIST, the best under symmetric noise first."""
    of_noises = [last_epoch(noise) for noise in NOISES]
    head = [text for words in NOISES.values() for text in (f"{words}: last epoch", "label precision")]
    rows = [
        [f"`{name}`", *(f"{share}" for found in of_noises for share in found[name].shown())]
        for name in sorted(of_noises[0], key=lambda name: -of_noises[0][name].mean)
    ]
    return table(("", *head), rows)


OF_CODE: dict[str, Callable[[], str]] = {
    "fields": fields, "methods": methods, "networks": networks, "data_sets": data_sets, "measured": measured,
    "departures": departures,
}  # fmt: skip
OF_RESULTS: dict[str, Callable[[], str]] = {"numbers": numbers}  # reads all rows, which takes half a minute


def written(page: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """Return the text of a page with its tables made anew."""

    def anew(match: re.Match[str]) -> str:
        name = match["name"]
        body = tables[name]() if name in tables else match["body"].strip()
        return f"<!-- table {name} -->\n\n{body}\n\n<!-- end -->"

    return re.sub(r"<!-- table (?P<name>\w+) -->\n(?P<body>.*?)<!-- end -->", anew, page, flags=re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _departures(name: str) -> str:
    """Return what the header of a method says after the word Departure, or nothing."""
    header = inspect.getdoc(registry.find(strategies, name, name)) or ""
    found = re.search(r"^Departures?\b[^:]*: (.*)", header, re.DOTALL | re.MULTILINE)
    text = " ".join(found[1].split()) if found else ""
    return text[:1].upper() + text[1:]


def _number(one: Verdict) -> tuple[str, ...]:
    """Return a published number, ours, and the verdict as a row."""
    paper, measured = one.published, one.measured
    noise = f"{paper.noise.partition('_')[0]} {100 * paper.rate:g} %"
    std = "" if math.isnan(paper.std) else f" ± {paper.std:.2f}"
    verdict, *more = one.words.splitlines()
    words = f"**{verdict}**{''.join(f'; {line}' for line in more)}"
    found = f"{measured.mean:.2f} ± {measured.std:.2f}"
    return noise, f"`{paper.strategy}`", f"{paper.mean:.2f}{std}", found, str(measured.runs), words


def _options(
    package: object, names: Iterable[str], options: Callable[[str], Mapping[str, registry.Value]], folder: str,
    function: str = "", skip: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return a table with a row for each plug-in: the first line of its file, its options, and their docstring."""
    rows = []
    for name in names:
        file = f"jnl/{folder}/{name}.py"
        defaults = ", ".join(f"`{option}` {_shown(value)}" for option, value in options(name).items())
        header = inspect.getdoc(registry.find(package, name, name)) or ""
        text = inspect.getdoc(registry.function(package, name, name, function)) or ""
        rows.append((f"[`{name}`](../{file})", header.partition("\n")[0], defaults, _meaning(text, skip)))
    return table(("name", "what it is", "options and defaults", "what they mean"), rows)


def _meaning(text: str, skip: Sequence[str]) -> str:
    """Return a docstring as one paragraph, with its arguments except for `skip`, and without its errors."""
    about, _, arguments = re.sub(r"\n\nRaises:.*", "", text, flags=re.DOTALL).partition("\n\nArgs:\n")
    entries = [" ".join(entry.split()) for entry in re.split(r"\n  (?=\w+: )", f"\n{arguments}") if entry.strip()]
    kept = [re.sub(r"^(\w+): ", r"`\1`: ", entry) for entry in entries if entry.partition(":")[0] not in skip]
    return " ".join([" ".join(about.split()), *(f"{entry.rstrip('.')}." for entry in kept)])


def _shown(value: object) -> str:
    """Return a default for people."""
    if value is None or value == "":
        return "not set" if value is None else "empty"
    return f"`{value}`" if isinstance(value, str | bool | tuple) else f"{value:g}"


def main(tables: Mapping[str, Callable[[], str]]) -> None:
    """Write these tables into the pages."""
    for page in sorted(PAGES.glob("*.md")):
        old = page.read_text(encoding="utf-8")
        if (new := written(old, tables)) != old:
            page.write_text(new, encoding="utf-8")
            print(f"{page.name} is up to date now")


if __name__ == "__main__":
    main(OF_CODE | OF_RESULTS)
