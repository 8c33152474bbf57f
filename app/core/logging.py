"""Logs: one JSON object a line in production, readable lines in development.

Libraries that log through the standard library come out in the same form.
"""

import io
import json
import logging
import re
import sys
from typing import Final

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.core.context import current_work

# Control characters that JSON leaves as they are, and characters that turn a line around.
_UNSAFE: Final = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def configure_logging(*, level: str, json_lines: bool) -> None:
    """Send every log line to standard output, in one form, from `level` up."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal does not know is no reason to fail a request.
        sys.stdout.reconfigure(errors="backslashreplace")
    shared: list[Processor] = [
        _add_request_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Processor] = (
        [structlog.processors.format_exc_info, _render_json]
        if json_lines
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(),
                # The default shows local variables too, among them passwords and tokens.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=_Writer,
        cache_logger_on_first_use=True,
    )
    _route_standard_library(level, shared, renderers)


def _route_standard_library(
    level: str, shared: list[Processor], renderers: list[Processor]
) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logger = logging.getLogger(noisy)
        logger.handlers.clear()
        logger.propagate = True
        # What they say below a warning repeats our own access log and start-up lines,
        # or, for a database driver at DEBUG, holds the values of every statement.
        logger.setLevel(max(logging.WARNING, root.level))


def _add_request_id(logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    work = current_work.get()
    if work.request_id:
        event.setdefault("request_id", work.request_id)
    if work.client and getattr(logger, "name", None) == "security":
        event.setdefault("client", work.client)  # as the access log has it
    return event


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        line = orjson.dumps(event, default=repr).decode()
    except TypeError:  # a lone surrogate, a huge number: the line matters more than its beauty
        return json.dumps(event, default=repr, skipkeys=True)
    return line if line.isascii() else _UNSAFE.sub(_escaped, line)


def _escaped(character: re.Match[str]) -> str:
    return f"\\u{ord(character[0]):04x}"


class _Writer(structlog.WriteLogger):
    """Knows its name, so that each line says whose it is.

    It writes a line at once: of two processes with one output, none breaks into another's line.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.name = name
