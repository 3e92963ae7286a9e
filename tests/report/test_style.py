"""The style of tables, figures and the page: characters that mean something elsewhere, and colors that are seen."""

import csv
import re
import tomllib

import numpy as np
import pytest
from conftest import ROOT

from jnl.report import formats
from jnl.report.style import COLORS, OTHER_COLORS
from jnl.report.table import Row, Table

HOSTILE = '<b>"&\\\\|$x_1$ %{}~^#`*[\n\u202e'


def test_tables_are_escaped_in_every_format():
    table = Table("t", "T", ["a", HOSTILE], [Row([HOSTILE, "[1.00, 2.00]"])], HOSTILE)
    assert list(csv.reader(formats.as_csv(table).splitlines()))[1] == [" ".join(HOSTILE.split()), "[1.00, 2.00]"]
    markdown = formats.as_markdown(table)
    assert "<b>" not in markdown and all(line.count("|") - line.count(r"\|") == 3 for line in markdown.splitlines()[:3])
    latex = formats.as_latex(table).splitlines()
    assert latex[0].startswith("% ") and len(latex) == 8
    body = latex[5]
    for character in "$&%#_{}~^":
        assert not re.search(rf"(?<!\\){re.escape(character)}", re.sub(r"\\text\w+\{\}|\{\}\[| & ", "", body))
    assert formats.latex("98.08 ± 0.05") == r"98.08 $\pm$ 0.05"


def luminance(color):
    """Relative, as in WCAG 2."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


BACKGROUNDS = ("#ffffff", "#16181d")  # of the light and the dark page


@pytest.mark.parametrize("color", COLORS + OTHER_COLORS)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_colors_are_seen_in_both_themes(color, background):
    low, high = sorted((luminance(color), luminance(background)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_the_page_has_these_backgrounds():
    assert set(BACKGROUNDS) <= set(re.findall(r"#\w+", (ROOT / "jnl" / "report" / "page.css").read_text()))


def test_the_package_has_all_files_of_the_page():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["jnl.report"]
    files = {path.name for path in (ROOT / "jnl" / "report").iterdir() if path.is_file() and path.suffix != ".py"}
    assert set(declared) == files
