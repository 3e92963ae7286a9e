"""How Sphinx builds the documentation: `pip install -e ".[docs]" && sphinx-build -W docs docs/_build`."""

import sys
from pathlib import Path

from jnl.core.version import VERSION

sys.path.append(str(Path(__file__).parent))
import tables  # noqa: E402

tables.main(tables.OF_CODE)  # so that no page is out of date

project, author, release = "jnl", "The jnl authors", VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = f"jnl {VERSION}"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
