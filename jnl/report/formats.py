"""A table as CSV, Markdown and LaTeX; what comes from data is escaped in each."""

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
    """RFC 4180, but for line ends."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_line(text) for text in row.texts] for row in table.rows)
    return file.getvalue()


def as_markdown(table: Table) -> str:
    """GitHub's."""
    lines = [_cells(table.columns, _markdown), "| --- " * len(table.columns) + "|"]
    lines += [_cells(row.texts, _markdown) for row in table.rows]
    return "\n".join([*lines, "", _markdown(table.note), ""])


def as_latex(table: Table) -> str:
    """A `tabular`, with its note as a comment."""
    lines = [f"% {_line(table.note)}", rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}", r"\hline"]
    lines += [" & ".join(map(latex, table.columns)) + r" \\", r"\hline"]
    lines += [" & ".join(map(latex, row.texts)) + r" \\" for row in table.rows]
    return "\n".join([*lines, r"\hline", r"\end{tabular}", ""])


FORMATS: dict[str, Callable[[Table], str]] = {"csv": as_csv, "md": as_markdown, "tex": as_latex}


def latex(text: str) -> str:
    """Text that LaTeX shows as it is; a bracket that begins a cell is no option of the line before."""
    escaped = "".join(_LATEX.get(character, character) for character in _line(text))
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", html.escape(_line(text), quote=False))


def _cells(texts: Sequence[str], escape: Callable[[str], str]) -> str:
    return "".join(f"| {escape(text)} " for text in texts) + "|"


def _line(text: str) -> str:
    return " ".join(text.split())
