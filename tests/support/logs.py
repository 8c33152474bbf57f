"""Logging for one test, which leaves nothing behind."""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

import structlog
import structlog.testing
from structlog._config import BoundLoggerLazyProxy
from structlog.typing import EventDict

from app.core.logging import configure_logging


@contextmanager
def separate_logging() -> Iterator[None]:
    """What is configured inside ends with the block, including the loggers that were used in it.

    A logger keeps the stream that it first wrote to, and a test's own stream is closed when the
    test ends.
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


class Full(io.StringIO):
    """A stream that cannot be written while it has an error."""

    def __init__(self, error: int | None) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return super().write(text)


@contextmanager
def logged(
    *, level: str = "INFO", json_lines: bool = True, to: TextIO | None = None
) -> Iterator[Any]:
    """Configure logging and capture what is written; restore everything at the end."""
    with separate_logging(), redirect_stdout(to or io.StringIO()) as output:
        configure_logging(level=level, json_lines=json_lines)
        yield output


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


@contextmanager
def captured_lines() -> Iterator[list[EventDict]]:
    """Capture what is logged inside, also by loggers that were configured before."""
    with separate_logging(), structlog.testing.capture_logs() as lines:
        yield lines
