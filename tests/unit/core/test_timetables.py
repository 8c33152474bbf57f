"""What becomes of ticks that were missed."""

import datetime as dt
from collections.abc import Callable
from typing import Final

import pytest

from app.core.exceptions import CompositionError
from app.core.schedules import cron, every
from app.core.timetables import AT_ONCE, CatchUp, Cron, Interval, Timetable

HOUR: Final = dt.timedelta(hours=1)
NOON: Final = dt.datetime(2026, 6, 4, 12, tzinfo=dt.UTC)
FIELDS: Final = "minute, hour, day of the month, month and day of the week"
HOURLY: Final = Cron("0 * * * *", "UTC")


def hourly(catch_up: CatchUp, deadline: dt.timedelta | None = None) -> Timetable:
    return Timetable(times=HOURLY, catch_up=catch_up, deadline=deadline)


def test_of_missed_ticks_the_latest_is_due_however_late() -> None:
    now = NOON + dt.timedelta(minutes=59)
    assert hourly("latest").due(NOON - 400 * 24 * HOUR, now) == [NOON]


def test_without_catching_up_only_a_tick_of_the_last_minute_is_due() -> None:
    since = NOON - 5 * HOUR
    assert hourly("none").due(since, NOON + dt.timedelta(seconds=59)) == [NOON]
    assert hourly("none").due(since, NOON + dt.timedelta(seconds=61)) == []


def test_all_missed_ticks_are_due_in_order_so_many_at_once() -> None:
    assert hourly("all").due(NOON - 3 * HOUR, NOON) == [NOON - 2 * HOUR, NOON - HOUR, NOON]

    first = hourly("all").due(NOON - 150 * HOUR, NOON)
    assert len(first) == AT_ONCE
    assert hourly("all").due(first[-1], NOON)[0] == first[-1] + HOUR


@pytest.mark.parametrize(("catch_up", "due"), [("latest", 1), ("all", 3)])
def test_no_tick_is_due_that_is_later_than_the_deadline(catch_up: CatchUp, due: int) -> None:
    timetable = hourly(catch_up, deadline=3 * HOUR)
    assert len(timetable.due(NOON - 9 * HOUR, NOON)) == due
    assert hourly(catch_up, deadline=HOUR / 2).due(NOON - 9 * HOUR, NOON + HOUR * 0.6) == []


def test_multiples_of_an_interval_are_counted_from_1970() -> None:
    times = Interval(dt.timedelta(minutes=7))
    first = next(times.after(NOON))
    assert (first - dt.datetime.fromtimestamp(0, dt.UTC)) % times.length == dt.timedelta()
    assert first - NOON <= times.length
    assert times.latest(NOON - HOUR, first) == first
    assert times.latest(first, first + times.length / 2) is None


REFUSED: Final[dict[str, tuple[Callable[[], object], str]]] = {
    "an interval of nothing": (
        lambda: every(dt.timedelta(), id="report.hourly"),
        "report.hourly: the interval is 0:00:00; it has to be a second or more",
    ),
    "four fields": (
        lambda: cron("0 6 * *", id="report.daily"),
        f"report.daily: the cron expression '0 6 * *' has 4 fields; write five: {FIELDS}",
    ),
    "an unknown zone": (
        lambda: cron("0 6 * * *", id="report.daily", tz="Europe/Londn"),
        "report.daily: there is no time zone 'Europe/Londn'; is it Europe/London?",
    ),
    "a deadline that ended before": (
        lambda: cron("0 6 * * *", id="report.daily", deadline=-HOUR),
        "report.daily: the deadline is -1 day, 23:00:00; it has to be a second or more",
    ),
    "two deadlines": (
        lambda: cron("0 6 * * *", id="report.daily", catch_up="none", deadline=HOUR),
        'report.daily: catch_up="none" means a deadline of a minute; leave out one of the two',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_schedule_that_makes_no_sense_is_refused_when_it_is_declared(name: str) -> None:
    declare, told = REFUSED[name]
    with pytest.raises(CompositionError) as caught:
        declare()
    assert str(caught.value) == told
