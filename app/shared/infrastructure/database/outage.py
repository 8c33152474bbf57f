"""An outage of the database: the log has its reason once, and its end once."""

import time
from typing import Final

import structlog

log = structlog.get_logger(__name__)


class Outage:
    """Counts failures of one database. A time without failures ends the outage.

    Nothing more is logged, and no message of a driver: a busy service fails a thousand times a
    second, and such a message may contain addresses, names and values.
    """

    QUIET_SECONDS: Final = 5.0

    def __init__(self) -> None:
        self.is_on = False
        self._began_at = self._failed_at = 0.0
        self._failures = 0
        self._told: set[tuple[str, str, str | None]] = set()

    def failed(self, error: BaseException, *, step: str) -> None:
        """Note a failure at a step. Each kind is logged once in an outage."""
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
        """Note that a statement succeeded. Call it while `is_on`."""
        if time.monotonic() - self._failed_at < self.QUIET_SECONDS:
            return  # others may still fail: a write needs more than a read
        self.is_on = False
        seconds = round(self._failed_at - self._began_at, 1)
        log.info("database available again", seconds=seconds, failures=self._failures)
