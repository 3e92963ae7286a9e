"""Write a table as CSV, Markdown or LaTeX. Text that comes from data is escaped in each format."""

import csv
import html
import io
import re
from collections.abc import Callable, Sequence

from jnl.report.tables import Table

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "±": r"$\pm$", '"': r"\textquotedbl{}",
}  # fmt: skip


def as_csv(table: Table) -> str:
    """Return a table as CSV of RFC 4180, except that a line ends with a line feed alone."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_line(text) for text in row.texts] for row in table.rows)
    return file.getvalue()


def as_markdown(table: Table) -> str:
    """Return a table as GitHub Markdown, with its note below."""
    lines = [_cells(table.columns, _markdown), "| --- " * len(table.columns) + "|"]
    lines += [_cells(row.texts, _markdown) for row in table.rows]
    return "\n".join([*lines, "", _markdown(table.note), ""])


def as_latex(table: Table) -> str:
    """Return a table as a LaTeX `tabular`, with its note as a comment."""
    lines = [f"% {_line(table.note)}", rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}", r"\hline"]
    lines += [" & ".join(map(latex, table.columns)) + r" \\", r"\hline"]
    lines += [" & ".join(map(latex, row.texts)) + r" \\" for row in table.rows]
    return "\n".join([*lines, r"\hline", r"\end{tabular}", ""])


FORMATS: dict[str, Callable[[Table], str]] = {"csv": as_csv, "md": as_markdown, "tex": as_latex}


def latex(text: str) -> str:
    """Return text that LaTeX shows as it is.

    Without the braces, LaTeX would read a bracket or star at the start of a cell as an option of the line before.
    """
    escaped = "".join(_LATEX.get(character, character) for character in _line(text))
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", html.escape(_line(text), quote=False))


def _cells(texts: Sequence[str], escape: Callable[[str], str]) -> str:
    return "".join(f"| {escape(text)} " for text in texts) + "|"


def _line(text: str) -> str:
    return " ".join(text.split())
