"""Logs: one JSON object a line in production, readable lines in development.

Libraries that use the standard library's logging are written in the same form. A line that cannot
be written is lost and counted; the work that it describes continues.
"""

import io
import json
import logging
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from prometheus_client import Counter
from structlog.typing import EventDict, Processor, WrappedLogger

from app.core.context import current_work, ids_in

# Control characters that JSON does not escape, and characters that reverse the text direction.
_UNSAFE: Final = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

LOST_LINES: Final = Counter("log_lines_lost", "Log lines that could not be written.")


def prepare_output(*, encoding: str | None = None) -> None:
    """Make standard output and error accept every character, and reopen them if they are closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            # The next connection must not get the number of the closed output.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - stays
        elif isinstance(stream, io.TextIOWrapper):
            # `reconfigure` first writes what is buffered, and the disk may be full
            with suppress(OSError):
                # A character that the terminal does not support is no reason to fail a request.
                stream.reconfigure(encoding=encoding, errors="backslashreplace")


def release_output() -> None:
    """Discard output that cannot be written, because Python would fail with it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except ValueError:  # it is closed
            continue
        except OSError:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def configure_logging(*, level: str, json_lines: bool) -> None:
    """Send every log line from `level` up to standard output, in one form."""
    # RFC 8259, section 8.1: JSON is UTF-8 in every locale.
    prepare_output(encoding="utf-8" if json_lines else None)
    shared: list[Processor] = [
        _add_ids,
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
                # By default a traceback shows local variables too, among them passwords and tokens.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=_bound_logger(level),
        logger_factory=_Writer,
        cache_logger_on_first_use=True,
    )
    _route_standard_library(level, shared, renderers)


def _route_standard_library(
    level: str, shared: list[Processor], renderers: list[Processor]
) -> None:
    handler = _Handler(sys.stdout)
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
        # Below a warning these libraries repeat our access log and start-up lines, and at DEBUG a
        # database driver logs the values of every statement.
        logger.setLevel(max(logging.WARNING, root.level))


def _add_ids(logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    work = current_work.get()
    if work.request_id:
        event.setdefault("request_id", work.request_id)
    if work.traceparent:
        for name, id in ids_in(work.traceparent).items():
            event.setdefault(name, id)
    if work.client and getattr(logger, "name", None) == "security":
        event.setdefault("client", work.client)  # as in the access log
    return event


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        line = orjson.dumps(event, default=repr).decode()
    except TypeError:  # a lone surrogate or a huge number: still write the line
        return json.dumps(event, default=repr, skipkeys=True)
    return line if line.isascii() else _UNSAFE.sub(_escaped, line)


def _escaped(character: re.Match[str]) -> str:
    return f"\\u{ord(character[0]):04x}"


def _bound_logger(level: str) -> Any:
    class Logger(structlog.make_filtering_bound_logger(level.lower())):  # type: ignore[misc]  # made by structlog
        def _proxy_to_logger(self, *args: Any, **options: Any) -> Any:
            try:
                return super()._proxy_to_logger(*args, **options)
            except Exception:  # noqa: BLE001 - a full disk, a reader that is gone, a closed stream
                LOST_LINES.inc()

    return Logger


class _Handler(logging.StreamHandler[Any]):
    """Writes the log lines of libraries."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 - overridden
        LOST_LINES.inc()


class _Writer(structlog.WriteLogger):
    """Writes lines under the name of its logger.

    It writes each line at once, so that two processes with one output do not mix their lines.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.name = name
