"""Import Matplotlib in every environment."""

import os


def import_matplotlib() -> None:
    """Import Matplotlib, also if `MPLBACKEND` names a backend that this environment does not have.

    A process that a notebook starts inherits this variable, but may have other packages. Files need no backend.
    """
    try:
        import matplotlib  # noqa: F401
    except ValueError:
        if os.environ.pop("MPLBACKEND", None) is None:
            raise
        import matplotlib  # noqa: F401
