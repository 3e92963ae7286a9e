"""Show a warning at the line of the user's code that called jnl."""

import contextlib
import os
import sys
import warnings
from pathlib import Path

from jnl.support.errors import printable

_JNL = (str(Path(__file__).parents[1]) + os.sep, contextlib.__file__)  # decorators of jnl are context managers


def warn(sentence: str, category: type[Warning] = UserWarning) -> None:
    """Warn in one printable line, which stands at the first line on the stack that is not jnl's."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_JNL):
        frame, level = frame.f_back, level + 1
    warnings.warn(printable(sentence), category, stacklevel=level)
