"""Timetables: when ticks of a schedule are due, and which missed ticks are published.

cronsim computes the calendar. This module handles the clock changes of a zone: cronsim loses times
after a gap at midnight and after a change by half an hour.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice, takewhile
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim

from app.core.exceptions import CompositionError

CatchUp = Literal["latest", "none", "all"]
Overlap = Literal["one", "queue"]

AT_ONCE: Final = 100
"""How many missed ticks of a schedule one transaction publishes at most."""

SOON: Final = dt.timedelta(minutes=1)
"""A tick that is found within this time does not count as missed."""

_SECOND, _DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
_LONG_AGO: Final = dt.datetime.fromtimestamp(0, dt.UTC)
_LONGEST_EXPRESSION: Final = 200
_FIELDS: Final = "minute, hour, day of the month, month and day of the week"


class Times(Protocol):
    """An endless sequence of moments, in UTC."""

    def start(self, now: dt.datetime) -> dt.datetime:
        """Return the moment after which a schedule that never ran begins."""
        ...

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the times after a moment, in order."""
        ...

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """Return the last time that is after one moment and not after another, or None."""
        ...

    def number(self, time: dt.datetime) -> int:
        """Return a number that is unique for each time and grows with it."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole multiples of a length since 1970, in UTC."""

    length: dt.timedelta

    def __post_init__(self) -> None:
        if self.length < _SECOND:
            raise CompositionError(f"the interval is {self.length}; it has to be a second or more")

    def __str__(self) -> str:
        return f"every {self.length}"

    def start(self, now: dt.datetime) -> dt.datetime:  # noqa: ARG002 - the signature of Times
        """Begin with the last multiple: the work is due as soon as the service is installed."""
        return _LONG_AGO

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        number = self.number(moment)
        while True:
            number += 1
            yield _LONG_AGO + number * self.length

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        time = _LONG_AGO + self.number(until) * self.length
        return time if time > after else None

    def number(self, time: dt.datetime) -> int:
        return (time - _LONG_AGO) // self.length


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of a cron expression with five fields, by the clock of a time zone.

    If minute and hour are fixed, a time that a clock change skips moves to the end of the gap.
    A time that occurs twice counts once. If minute or hour begins with `*`, a time occurs whenever
    the clock shows it: never in a gap, and twice in a repeated hour.
    Raises CompositionError for an invalid expression or time zone.
    """

    expression: str
    tz: str
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields = self.expression.split()
        object.__setattr__(self, "expression", " ".join(fields))
        object.__setattr__(self, "_zone", _zone(self.tz))
        if len(self.expression) > _LONGEST_EXPRESSION:
            raise CompositionError(
                f"the cron expression {self.expression[:20]!r}… has {len(self.expression)} "
                f"characters; write {_LONGEST_EXPRESSION} or fewer"
            )
        if len(fields) != 5:  # noqa: PLR2004
            raise CompositionError(
                f"the cron expression {self.expression!r} has {len(fields)} fields; "
                f"write five: {_FIELDS}"
            )
        try:
            first = next(self.after(dt.datetime(2000, 1, 1, tzinfo=dt.UTC)), None)
        except Exception as error:
            # CronSim raises CronSimError for most mistakes, AssertionError and others for the rest.
            raise CompositionError(
                f"the cron expression {self.expression!r} makes no sense "
                f"({str(error).lower() or 'bad field'}); its fields are {_FIELDS}"
            ) from error
        if first is None:
            raise CompositionError(
                f"the cron expression {self.expression!r} names no day that ever comes"
            )

    def __str__(self) -> str:
        return f"{self.expression} {self.tz}"

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Read the text that `str` returned."""
        expression, _, tz = text.rpartition(" ")
        return cls(expression, tz)

    def start(self, now: dt.datetime) -> dt.datetime:
        """Begin with the next time: earlier times do not belong to the schedule."""
        return now

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        minute, hour, *_ = self.expression.split()
        is_fixed = not minute.startswith("*") and not hour.startswith("*")
        moment = moment.astimezone(dt.UTC).replace(microsecond=0)
        return self._fixed(moment) if is_fixed else self._as_the_clock_shows(moment)

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """Look back an hour, then a day, a month, …: the latest time is usually found early."""
        for days in (1 / 24, 1, 31, 366, 10_000):
            begin = max(after, until - dt.timedelta(days=days))
            time = None
            for time in takewhile(lambda each: each <= until, self.after(begin)):  # noqa: B007
                pass
            if time or begin == after:
                return time
        return None

    def number(self, time: dt.datetime) -> int:
        return (time - _LONG_AGO) // SOON

    def _fixed(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        for wall in self._walls(moment.astimezone(self._zone)):
            first, second = (
                wall.replace(tzinfo=self._zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)
            )
            # In a gap the two readings are in the wrong order, and the gap ends between them.
            time = first if first <= second else self._change(second, first)
            if time and time > moment:
                yield time
                moment = time

    def _as_the_clock_shows(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        change: dt.datetime | None = moment
        begin = moment
        while change:
            offset, seen, change = self._offset(change), change, None
            for wall in self._walls(begin + offset):
                time = wall.replace(tzinfo=dt.UTC) - offset
                change = self._change(seen, time)
                if change:
                    begin = change - _SECOND  # a time at the moment of the change counts
                    break
                yield time
                seen = time

    def _walls(self, after: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the calendar's times after a clock time, until the calendar has no more."""
        return CronSim(self.expression, after.replace(tzinfo=None))

    def _change(self, begin: dt.datetime, end: dt.datetime) -> dt.datetime | None:
        """Return the first clock change that is after one moment and not after another.

        No zone changes its clock twice in a day.
        """
        offset = self._offset(begin)
        while begin < end:
            until = min(begin + _DAY, end)
            if self._offset(until) != offset:
                return self._first_second_without(offset, begin, until)
            begin = until
        return None

    def _first_second_without(
        self, offset: dt.timedelta, begin: dt.datetime, end: dt.datetime
    ) -> dt.datetime:
        seconds = range((end - begin) // _SECOND)
        found = bisect_left(
            seconds, 1, key=lambda second: self._offset(begin + second * _SECOND) != offset
        )
        return begin + found * _SECOND

    def _offset(self, moment: dt.datetime) -> dt.timedelta:
        return moment.astimezone(self._zone).utcoffset() or dt.timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a schedule's handler is called, and which missed ticks are published.

    A tick is missed if no process runs. It is also missed if an earlier one waits or runs, unless
    `overlap` is `queue`. Afterwards the latest one is published, or none, or all in order. A tick
    that is later than the deadline is never published.
    """

    times: Times
    catch_up: CatchUp = "latest"
    deadline: dt.timedelta | None = None
    overlap: Overlap = "one"

    def __post_init__(self) -> None:
        if self.deadline is not None and self.catch_up == "none":
            raise CompositionError(
                'catch_up="none" means a deadline of a minute; leave out one of the two'
            )
        if self.deadline is not None and self.deadline < _SECOND:
            raise CompositionError(
                f"the deadline is {self.deadline}; it has to be a second or more"
            )

    def due(self, since: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
        """Return the ticks to publish that are after `since` and not after `now`, in order.

        If there are many, return the first; ask again with the last of them as `since`.
        """
        longest = SOON if self.catch_up == "none" else self.deadline
        if longest is not None:
            since = max(since, now - longest)
        if self.catch_up == "all":
            missed = takewhile(lambda time: time <= now, self.times.after(since))
            return list(islice(missed, AT_ONCE))
        latest = self.times.latest(since, now)
        return [latest] if latest else []


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f"is it {near[0]}?" if near else "write it as America/Sao_Paulo"
        raise CompositionError(f"there is no time zone {name!r}; {hint}") from None
