"""A context manager that hides log messages of libraries, which do not concern users."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the absl log messages inside the block, except critical ones; exceptions still pass.

    absl also sets up the log of the whole program by `logging.basicConfig`, if nobody has done so. This is undone,
    because a later `logging.basicConfig` of the user would have no effect.
    """
    logger, handlers = logging.getLogger("absl"), list(logging.root.handlers)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        for added in [handler for handler in logging.root.handlers if handler not in handlers]:
            if getattr(added.formatter, "_fmt", None) == logging.BASIC_FORMAT:  # others are of the user's other threads
                logging.root.removeHandler(added)
