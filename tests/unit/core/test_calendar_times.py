"""When a cron expression is due, by the clocks of zones that change them in different ways."""

import datetime as dt
import re
from collections.abc import Iterable
from itertools import islice, takewhile
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.exceptions import CompositionError
from app.core.timetables import Cron

SAO_PAULO, NEW_YORK, LONDON = "America/Sao_Paulo", "America/New_York", "Europe/London"
LORD_HOWE, KATHMANDU, APIA = "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"
HAVANA, CHATHAM, UTC = "America/Havana", "Pacific/Chatham", "UTC"
MINUTE: Final = dt.timedelta(minutes=1)
YEAR: Final = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)


class Case(NamedTuple):
    what: str
    expression: str
    zone: str
    after: str  # as the clock of the zone shows it, with the offset where it shows that twice
    times: str  # the next ones, by the zone's clock: day, time and offset


CASES: Final = [
    # --- Days without a change
    Case("weekdays", "0 6 * * 1-5", SAO_PAULO, "2026-06-04T06:00", "05 06:00-03 08 06:00-03"),
    Case("by name", "0 6 * * MON", SAO_PAULO, "2026-06-04T06:00", "08 06:00-03 15 06:00-03"),
    Case("Sunday is 0", "0 6 * * 0", UTC, "2026-06-04T06:00", "07 06:00+00 14 06:00+00"),
    Case("Sunday is 7", "0 6 * * 7", UTC, "2026-06-04T06:00", "07 06:00+00 14 06:00+00"),
    Case("month's end", "0 22 L * *", UTC, "2026-02-01T00:00", "28 22:00+00 31 22:00+00"),
    Case("a leap day", "0 0 29 2 *", UTC, "2023-01-01T00:00", "29 00:00+00 29 00:00+00"),
    Case("a day or a weekday", "0 0 13 * 5", UTC, "2026-01-10T00:00", "13 00:00+00 16 00:00+00"),
    Case("each day and weekday", "0 0 */2 * 1", UTC, "2026-06-01T00:00", "15 00:00+00 29 00:00+00"),
    Case("the second Tuesday", "0 0 * * 2#2", UTC, "2026-06-01T00:00", "09 00:00+00 14 00:00+00"),
    Case("just before", "0 6 * * *", UTC, "2026-06-04T05:59:59.9", "04 06:00+00 05 06:00+00"),
    Case("at the moment", "0 6 * * *", UTC, "2026-06-04T06:00", "05 06:00+00 06 06:00+00"),
    Case("within its second", "0 6 * * *", UTC, "2026-06-04T06:00:00.5", "05 06:00+00 06 06:00+00"),
    # --- São Paulo, 4 November 2018: from 00:00 to 01:00; 18 February 2018: from 00:00 to 23:00
    Case("midnight", "0 0 * * *", SAO_PAULO, "2018-11-03T12:00", "04 01:00-02 05 00:00-02"),
    Case("in its gap", "30 0 * * *", SAO_PAULO, "2018-11-03T12:00", "04 01:00-02 05 00:30-02"),
    Case("after its gap", "15 1 * * *", SAO_PAULO, "2018-11-03T12:00", "04 01:15-02 05 01:15-02"),
    Case("two in it", "0,30 0 * * *", SAO_PAULO, "2018-11-03T12:00", "04 01:00-02 05 00:00-02"),
    Case("two, one in it", "0 0,1 * * *", SAO_PAULO, "2018-11-03T12:00", "04 01:00-02 05 00:00-02"),
    Case("each in its gap", "* 0 * * *", SAO_PAULO, "2018-11-03T12:00", "05 00:00-02 05 00:01-02"),
    Case("after it", "*/30 1 4 * *", SAO_PAULO, "2018-11-03T12:00", "04 01:00-02 04 01:30-02"),
    Case("each hour", "0 * * * *", SAO_PAULO, "2018-11-03T22:30", "03 23:00-03 04 01:00-02"),
    Case("a repeated one", "30 23 * * *", SAO_PAULO, "2018-02-17T12:00", "17 23:30-02 18 23:30-03"),
    Case("repeated hours", "0 * * * *", SAO_PAULO, "2018-02-17T22:30", "17 23:00-02 17 23:00-03"),
    Case("midnight after", "0 0 * * *", SAO_PAULO, "2018-02-17T12:00", "18 00:00-03 19 00:00-03"),
    # --- New York, 2024: 10 March from 02:00 to 03:00, 3 November from 02:00 to 01:00
    Case("the gap", "30 2 * * *", NEW_YORK, "2024-03-09T12:00", "10 03:00-04 11 02:30-04"),
    Case("its end", "0 3 * * *", NEW_YORK, "2024-03-09T12:00", "10 03:00-04 11 03:00-04"),
    Case("from its end", "30 2 * * *", NEW_YORK, "2024-03-10T03:00", "11 02:30-04 12 02:30-04"),
    Case("of quarters", "*/15 2 * * *", NEW_YORK, "2024-03-09T12:00", "11 02:00-04 11 02:15-04"),
    Case("each two hours", "0 */2 * * *", NEW_YORK, "2024-03-10T00:00", "10 04:00-04 10 06:00-04"),
    Case("the hour", "30 1 * * *", NEW_YORK, "2024-11-02T12:00", "03 01:30-04 04 01:30-05"),
    Case("within it", "50 1 * * *", NEW_YORK, "2024-11-03T01:40-05:00", "04 01:50-05 05 01:50-05"),
    Case("each half", "30 * * * *", NEW_YORK, "2024-11-03T01:00-04:00", "03 01:30-04 03 01:30-05"),
    Case("quarters", "45 */1 * * *", NEW_YORK, "2024-11-03T01:40-04:00", "03 01:45-04 03 01:45-05"),
    # --- London, 2024: 31 March from 01:00 to 02:00, 27 October from 02:00 to 01:00
    Case("the gap", "30 1 * * *", LONDON, "2024-03-30T12:00", "31 02:00+01 01 01:30+01"),
    Case("the hour", "30 1 * * *", LONDON, "2024-10-26T12:00", "27 01:30+01 28 01:30+00"),
    Case("each hour", "0 * * * *", LONDON, "2024-10-27T00:30", "27 01:00+01 27 01:00+00"),
    # --- Lord Howe, 2024: 7 April from 02:00 to 01:30, 6 October from 02:00 to 02:30
    Case("the gap", "15 2 * * *", LORD_HOWE, "2024-10-05T12:00", "06 02:30+11 07 02:15+11"),
    Case("half on", "0 */3 * * *", LORD_HOWE, "2024-10-06T00:00", "06 03:00+11 06 06:00+11"),
    Case("the half hour", "45 1 * * *", LORD_HOWE, "2024-04-06T12:00", "07 01:45+11 08 01:45+1030"),
    Case("twice", "*/45 1 * * *", LORD_HOWE, "2024-04-07T01:00", "07 01:45+11 07 01:45+1030"),
    Case(
        "an hour of it",
        "*/30 2 * * *",
        LORD_HOWE,
        "2024-04-07T01:50+10:30",
        "07 02:00+1030 07 02:30+1030",
    ),
    # --- Others
    Case("no summer", "0 6 * * *", KATHMANDU, "2026-06-04T12:00", "05 06:00+0545 06 06:00+0545"),
    Case("each hour", "0 * * * *", KATHMANDU, "2026-06-04T12:00", "04 13:00+0545 04 14:00+0545"),
    Case("a lost day", "0 12 30 12 *", APIA, "2011-01-01T00:00", "31 00:00+14 30 12:00+14"),
    Case("midnight twice", "0 0 * * *", HAVANA, "2024-11-02T12:00", "03 00:00-04 04 00:00-05"),
    Case(
        "each half hour",
        "*/30 * * * *",
        HAVANA,
        "2024-11-03T00:10-04:00",
        "03 00:30-04 03 00:00-05",
    ),
    Case("the gap", "0 3 * * *", CHATHAM, "2024-09-28T12:00", "29 03:45+1345 30 03:00+1345"),
]


def shown(times: Iterable[dt.datetime], zone: str) -> str:
    return " ".join(
        re.sub("00$", "", time.astimezone(ZoneInfo(zone)).strftime("%d %H:%M%z")) for time in times
    )


def moment(text: str, zone: str) -> dt.datetime:
    said = dt.datetime.fromisoformat(text)
    return said if said.tzinfo else said.replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.what}-{case.expression}-{case.zone}"
)
def test_a_schedule_is_due_when_the_clock_of_its_zone_says(case: Case) -> None:
    cron = Cron(case.expression, case.zone)
    found = islice(cron.after(moment(case.after, case.zone)), 2)
    assert shown(found, case.zone) == case.times


# --- All times around a change --------------------------------------------------------------------

CHANGES: Final = [
    (SAO_PAULO, "2018-11-03"),
    (SAO_PAULO, "2018-02-17"),
    (NEW_YORK, "2024-03-09"),
    (NEW_YORK, "2024-11-02"),
    (LORD_HOWE, "2024-04-06"),
    (LORD_HOWE, "2024-10-05"),
    (APIA, "2011-12-29"),
    (HAVANA, "2024-11-02"),
    (CHATHAM, "2024-09-28"),
    (KATHMANDU, "2024-09-28"),
]
minutes = st.sets(st.integers(0, 59), min_size=1, max_size=4).map(sorted)
hours = st.sets(st.integers(0, 23), min_size=1, max_size=5).map(sorted)


def three_days_of(zone: str, day: str) -> dict[dt.datetime, dt.datetime]:
    """Return what the clock shows in each minute."""
    begin = moment(f"{day}T00:00", zone).astimezone(dt.UTC)
    each = (begin + n * MINUTE for n in range(3 * 24 * 60))
    return {time: time.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for time in each}


def times_in(window: Iterable[dt.datetime], expression: str, zone: str) -> list[dt.datetime]:
    begin, *_, end = window
    after = Cron(expression, zone).after(begin - MINUTE)
    return list(takewhile(lambda time: time <= end, after))


@given(st.sampled_from(CHANGES), st.integers(1, 59), hours)
def test_with_a_wildcard_it_is_due_whenever_the_clock_shows_it(
    change: tuple[str, str], step: int, hours: list[int]
) -> None:
    window = three_days_of(*change)
    expected = [
        time for time, wall in window.items() if wall.minute % step == 0 and wall.hour in hours
    ]
    expression = f"*/{step} {','.join(map(str, hours))} * * *"
    assert times_in(window, expression, change[0]) == expected


@given(st.sampled_from(CHANGES), minutes, hours)
def test_with_fixed_times_each_comes_once_a_day_or_at_the_end_of_its_gap(
    change: tuple[str, str], minutes: list[int], hours: list[int]
) -> None:
    window = three_days_of(*change)
    last = max(window.values())
    days = {wall.date() + n * dt.timedelta(days=1) for wall in window.values() for n in (0, 1)}
    walls = [dt.datetime.combine(d, dt.time(h, m)) for d in days for h in hours for m in minutes]
    # The first moment at which the clock shows that time or a later one.
    expected = {
        next(time for time, shows in window.items() if shows >= wall)
        for wall in walls
        if min(window.values()) <= wall <= last
    }
    expression = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    assert times_in(window, expression, change[0]) == sorted(expected)


@given(
    st.sampled_from(CASES),
    st.integers(0, 365 * 24 * 60).map(lambda number: YEAR + number * MINUTE),
    st.timedeltas(dt.timedelta(), dt.timedelta(days=40)),
)
def test_the_latest_time_is_the_last_of_all_until_then(
    case: Case, after: dt.datetime, length: dt.timedelta
) -> None:
    cron, until = Cron(case.expression, case.zone), after + length
    times = list(takewhile(lambda time: time <= until, cron.after(after)))
    assert cron.latest(after, until) == (times[-1] if times else None)


# --- What makes no sense --------------------------------------------------------------------------

REFUSED: Final = {
    ("0 0 6 * * 1-5", UTC): "the cron expression '0 0 6 * * 1-5' has 6 fields; write five: "
    "minute, hour, day of the month, month and day of the week",
    ("@daily", UTC): "the cron expression '@daily' has 1 fields; write five",
    ("", UTC): "the cron expression '' has 0 fields; write five",
    ("60 6 * * *", UTC): "the cron expression '60 6 * * *' makes no sense (bad minute)",
    ("0 6 * * 8", UTC): "the cron expression '0 6 * * 8' makes no sense (bad day-of-week)",
    ("0 6 */0 * *", UTC): "the cron expression '0 6 */0 * *' makes no sense (bad day-of-month)",
    ("0 6 30 2 *", UTC): "the cron expression '0 6 30 2 *' makes no sense (bad day-of-month)",
    ("0 6 30,31 2 *", NEW_YORK): "the cron expression '0 6 30,31 2 *' makes no sense",
    ("* 6 * * 1" + ",1" * 200, UTC): "the cron expression '* 6 * * 1,1,1,1,1,1,'… has 409 "
    "characters; write 200 or fewer",
    ("0 6 * * *", "America/Sao_Paolo"): "there is no time zone 'America/Sao_Paolo'; "
    "is it America/Sao_Paulo?",
    ("0 6 * * *", "America"): "there is no time zone 'America'",
    ("0 6 * * *", "../etc/passwd"): "there is no time zone '../etc/passwd'",
    ("0 6 * * *", ""): "there is no time zone ''; write it as America/Sao_Paulo",
}


@pytest.mark.parametrize(("given", "told"), REFUSED.items(), ids=str)
def test_an_expression_or_a_zone_that_makes_no_sense_is_refused_with_a_sentence(
    given: tuple[str, str], told: str
) -> None:
    with pytest.raises(CompositionError) as caught:
        Cron(*given)
    assert str(caught.value).startswith(told)


@given(st.lists(st.text("0123456789*/-,#L WMON", min_size=1, max_size=6), min_size=5, max_size=5))
def test_any_five_fields_are_an_expression_or_are_refused(fields: list[str]) -> None:
    try:
        found = next(Cron(" ".join(fields), UTC).after(dt.datetime.now(dt.UTC)), None)
    except CompositionError:
        return
    assert found
