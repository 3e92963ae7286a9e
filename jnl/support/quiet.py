"""A context manager that hides log messages of libraries, which do not concern users."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial


def _is_critical(_: object, record: logging.LogRecord) -> bool:
    return record.levelno >= logging.CRITICAL


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the absl log messages inside the block, except critical ones; exceptions still pass.

    absl also sets up the log of the whole program by `logging.basicConfig`, if nobody has done so. This is undone,
    because a later `logging.basicConfig` of the user would have no effect.
    """
    logger, handlers = logging.getLogger("absl"), list(logging.root.handlers)
    critical = partial(_is_critical, object())  # one of its own, because several threads may be inside
    logger.addFilter(critical)
    try:
        yield
    finally:
        logger.removeFilter(critical)
        for added in [handler for handler in logging.root.handlers if handler not in handlers]:
            if getattr(added.formatter, "_fmt", None) == logging.BASIC_FORMAT:  # others are of the user's other threads
                logging.root.removeHandler(added)
