"""How Sphinx builds the documentation: `pip install -e ".[docs]" && sphinx-build -W docs docs/_build`."""

import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

from jnl.support.version import VERSION

HERE = Path(__file__).parent
sys.path.append(str(HERE))
import tables  # noqa: E402

tables.main(tables.OF_CODE)  # so that no page is out of date
shutil.copytree(HERE.parent / "notebooks", HERE / "notebooks", dirs_exist_ok=True)  # Sphinx reads this folder alone

project, author, release = "jnl", "The jnl authors", VERSION
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # a test runs the notebooks
html_show_copyright = False  # the license is in the repository
html_theme = "furo"
html_title = f"jnl {VERSION}"
exclude_patterns = ["_build"]
myst_heading_anchors = 3


def setup(app: Sphinx) -> None:
    """Let links to notebooks, which are right in the repository, lead to their copies."""
    app.connect("source-read", lambda _app, _name, source: source.append(_to_copies(source.pop())))


def _to_copies(text: str) -> str:
    return text.replace("](../notebooks/", "](notebooks/")
