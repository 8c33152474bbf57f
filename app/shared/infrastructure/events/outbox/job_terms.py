"""The terms of a job: when and how it runs. They are checked before anything is written."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from app.core.run_limits import PRIORITIES, Priority
from app.shared.domain.jobs import InvalidJob

LONGEST_KEY: Final = 200
LONGEST_WAIT: Final = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """See `JobQueue.enqueue`. Raises InvalidJob for invalid terms."""

    delay: dt.timedelta | None = None
    due_at: dt.datetime | None = None
    key: str | None = None
    on_waiting: str = "keep"
    once: str | None = None
    order_by: UUID | int | str | None = None
    priority: Priority | None = None
    expires_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        self._check_times()
        for term in ("key", "once", "order_by"):
            _require_short(term, getattr(self, term))
        if self.on_waiting not in {"keep", "replace", "postpone"}:
            raise InvalidJob("on_waiting", "one of keep, replace, postpone")
        if self.on_waiting != "keep" and self.key is None:
            raise InvalidJob("on_waiting", "only with a key, by which the waiting job is found")
        if self.key is not None and self.once is not None:
            raise InvalidJob("once", "not with a key: give one of the two")
        if self.priority is not None and self.priority not in PRIORITIES:
            raise InvalidJob("priority", f"one of {', '.join(PRIORITIES)}")
        if self.order_by is not None and (self.delay or self.due_at is not None):
            raise InvalidJob("order_by", "not with a delay, which would stop the jobs behind it")

    def _check_times(self) -> None:
        if self.delay is not None and self.due_at is not None:
            raise InvalidJob("delay", "not with due_at: give one of the two")
        if self.delay is not None and not dt.timedelta() <= self.delay <= LONGEST_WAIT:
            raise InvalidJob("delay", f"from 0 to {LONGEST_WAIT.days} days")
        latest = dt.datetime.now(dt.UTC) + LONGEST_WAIT
        for term in ("due_at", "expires_at"):
            moment: dt.datetime | None = getattr(self, term)
            if moment is not None and moment.tzinfo is None:
                raise InvalidJob(term, "with a time zone, such as datetime.now(UTC)")
            if moment is not None and moment > latest:
                raise InvalidJob(term, f"at most {LONGEST_WAIT.days} days from now")
        if self.expires_at is not None and self.expires_at <= (self.due_at or _LONG_AGO):
            raise InvalidJob("expires_at", "after due_at")

    def of_delivery(self) -> dict[str, Any]:
        """Return the values of a delivery's row that the terms change."""
        changed: dict[str, Any] = {"due_at": self.due_at, "expires_at": self.expires_at}
        if self.delay is not None:
            changed["delay"] = self.delay.total_seconds()
        if self.priority is not None:
            changed["priority"] = PRIORITIES[self.priority]
        return changed


_LONG_AGO: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


def _require_short(term: str, value: UUID | int | str | None) -> None:
    text = "-" if value is None else str(value)
    if not 1 <= len(text) <= LONGEST_KEY or not text.isprintable():
        raise InvalidJob(term, f"1 to {LONGEST_KEY} printable characters")


def id_of(*names: str) -> UUID:
    """Return the id that some names determine: of a stream, or of a job with `once`."""
    return uuid5(NAMESPACE_URL, "\n".join(names))
