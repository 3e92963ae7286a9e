"""What the pages of the documentation hold: their code, and the tables that are made from jnl."""

import re
import sys

from conftest import ROOT

sys.path.append(str(ROOT / "docs"))
import choosing_figure  # noqa: E402
import readme_figure  # noqa: E402
import tables  # noqa: E402

__all__ = ["PAGES", "blocks", "choosing_figure", "readme_figure", "tables"]

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path, *languages):
    """The blocks of code of a page in these languages; "" for a block without a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
    return [code for language, code in found if language in languages]
