"""Logging for one test, which leaves none behind."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from structlog._config import BoundLoggerLazyProxy


@contextmanager
def separate_logging() -> Iterator[None]:
    """Whatever is configured inside ends with the block, loggers that were used in it included.

    A logger keeps the stream that it first wrote to; a test's own is closed when the test ends.
    """
    root, before = logging.getLogger(), structlog.get_config()
    loggers = [root, *map(logging.getLogger, root.manager.loggerDict)]
    levels, handlers = [logger.level for logger in loggers], root.handlers[:]
    _forget_streams()
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        _forget_streams()


def _forget_streams() -> None:
    for module in list(sys.modules.values()):
        log = getattr(module, "log", None)
        if isinstance(log, BoundLoggerLazyProxy):
            vars(log).pop("bind", None)
