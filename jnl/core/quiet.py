"""A context manager that hides log messages of libraries, which do not concern users."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the absl log messages inside the block, except critical ones; exceptions still pass.

    A library that sets up the log of the whole program inside the block, as absl does, leaves it as it was.
    """
    logger, handlers = logging.getLogger("absl"), list(logging.root.handlers)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        for added in [handler for handler in logging.root.handlers if handler not in handlers]:
            logging.root.removeHandler(added)
