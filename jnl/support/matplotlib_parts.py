"""What jnl draws with, from Matplotlib. Training alone does not import this file; reports and studies do.

A process that a notebook starts inherits `MPLBACKEND`, but may lack the backend that it names. Matplotlib cannot be
imported then, so this file hides the variable from it. jnl draws files, which need no backend.
"""

import os
from contextlib import suppress

_backend = os.environ.pop("MPLBACKEND", None)
try:
    import matplotlib
    from matplotlib import rc_context
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter
finally:
    if _backend is not None:
        os.environ["MPLBACKEND"] = _backend
if _backend is not None:  # for the other figures of this process, if it has the backend
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = _backend

__all__ = [
    "Axes", "Figure", "Line2D", "LogLocator", "MaxNLocator", "NullFormatter", "StrMethodFormatter", "rc_context",
]  # fmt: skip
