"""Write a table as CSV, Markdown or LaTeX. Text that comes from data is escaped in each format."""

import csv
import html
import io
import re
from collections.abc import Callable, Sequence

from jnl.report.table import Table

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "±": r"$\pm$", '"': r"\textquotedbl{}",
}  # fmt: skip


def as_csv(table: Table) -> str:
    """Return a table as CSV of RFC 4180, except that a line ends with a line feed alone."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([_line(text) for text in line] for line in table.lines())
    return file.getvalue()


def as_markdown(table: Table) -> str:
    """Return a table as GitHub Markdown, with its sentences and its note below. The best values are bold."""
    header, *lines = [
        [f"**{_markdown(text)}**" if number in best else _markdown(text) for number, text in enumerate(line)]
        for line, best in zip(table.lines(), table.best(), strict=True)
    ]
    rows = [_cells(header), "| --- " * len(header) + "|", *map(_cells, lines)]
    below = [_markdown(text) for text in (*table.sentences, table.note)]
    return "\n".join([*rows, *(part for text in below for part in ("", text)), ""])


def as_latex(table: Table) -> str:
    """Return a table as a LaTeX `tabular`, with its sentences and its note as comments. The best values are bold."""
    header, *lines = [
        [rf"\textbf{{{latex(text)}}}" if number in best else latex(text) for number, text in enumerate(line)]
        for line, best in zip(table.lines(), table.best(), strict=True)
    ]
    comments = [f"% {_line(text)}" for text in (*table.sentences, table.note)]
    begin = [rf"\begin{{tabular}}{{{'l' * len(header)}}}", r"\hline", " & ".join(header) + r" \\", r"\hline"]
    return "\n".join(
        [*comments, *begin, *(" & ".join(line) + r" \\" for line in lines), r"\hline", r"\end{tabular}", ""]
    )


FORMATS: dict[str, Callable[[Table], str]] = {"csv": as_csv, "md": as_markdown, "tex": as_latex}


def latex(text: str) -> str:
    """Return text that LaTeX shows as it is.

    Without the braces, LaTeX would read a bracket or star at the start of a cell as an option of the line before.
    """
    escaped = "".join(_LATEX.get(character, character) for character in _line(text))
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", html.escape(_line(text), quote=False))


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"| {text} " for text in texts) + "|"


def _line(text: str) -> str:
    return " ".join(text.split())
