"""An outage of the database: the log says once why, and once that it is over."""

import time
from typing import Final

import structlog

log = structlog.get_logger(__name__)


class Outage:
    """Counts failures of one database. A quiet time without any ends the outage.

    Never more than that is logged, and no message: a busy service fails a thousand times a second,
    and a driver's message may hold addresses, names and values.
    """

    QUIET_SECONDS: Final = 5.0

    def __init__(self) -> None:
        self.is_on = False
        self._began_at = self._failed_at = 0.0
        self._failures = 0
        self._told: set[tuple[str, str, str | None]] = set()

    def failed(self, error: BaseException, *, step: str) -> None:
        """Note a failure at a step. Each kind of it is logged once in an outage."""
        self._failed_at = time.monotonic()
        if not self.is_on:
            self.is_on, self._began_at = True, self._failed_at
            self._failures, self._told = 0, set()
        self._failures += 1
        named = "sqlite" if hasattr(error, "sqlite_errorname") else "sqlstate"
        code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
        kind = step, type(error).__name__, code
        if kind not in self._told:
            self._told.add(kind)
            log.warning("database unavailable", step=step, error=kind[1], **{named: code})

    def answered(self) -> None:
        """Note that a statement succeeded. To be called while `is_on`."""
        if time.monotonic() - self._failed_at < self.QUIET_SECONDS:
            return  # others may still fail: reads do not need what writes need
        self.is_on = False
        seconds = round(self._failed_at - self._began_at, 1)
        log.info("database available again", seconds=seconds, failures=self._failures)
