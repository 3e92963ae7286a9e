"""Import Matplotlib in every environment."""

import os
import sys
from contextlib import suppress


def import_matplotlib() -> None:
    """Import Matplotlib, also if `MPLBACKEND` names a backend that this environment does not have.

    A process that a notebook starts inherits this variable, but may have other packages. Files need no backend.
    """
    if "matplotlib" in sys.modules:
        return
    backend = os.environ.pop("MPLBACKEND", None)  # Matplotlib cannot be imported with a wrong one
    import matplotlib

    if backend is not None:
        os.environ["MPLBACKEND"] = backend
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = backend
