"""How Sphinx builds the documentation: `pip install -e ".[docs]" && sphinx-build -W docs docs/_build`."""

from jnl.core.version import VERSION

project, author, release = "jnl", "The jnl authors", VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = f"jnl {VERSION}"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
