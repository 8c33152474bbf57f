import datetime as dt
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.core.http.schema_values import (
    FIRST_DATE,
    LAST_DATE,
    LONGEST,
    Date,
    Duration,
    DurationRange,
    Time,
)
from app.core.value_forms import duration_text
from tests.unit.core.http.schema_types.sending import code, read, refusals

Lead = Annotated[
    dt.timedelta, DurationRange(least=dt.timedelta(minutes=-5), most=dt.timedelta(days=2))
]


@given(st.dates(FIRST_DATE, LAST_DATE))
def test_a_date_is_equal_after_writing_and_reading(value: dt.date) -> None:
    assert read(Date, value.isoformat()) == value


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "2026-1-31",
        "20260131",
        "2026-W05-6",
        "2026-031",
        "26-01-31",
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "0000-01-01",
        "2026-01-31T00:00:00Z",
        "31.01.2026",
        " 2026-01-31",
        "2026-01-31\n",
        "-2026-01-31",
        "\uff12\uff10\uff12\uff16-01-31",
        "1769862646",
        1769862645,
        1.5,
        True,
        None,
        [],
    ],
)
def test_a_value_that_is_no_date_is_refused(sent: Any) -> None:
    [refused] = refusals(Date, sent)
    assert refused["code"] == "invalid_format"
    assert refused["detail"] == "must be a date such as 2026-01-31"


@pytest.mark.parametrize("sent", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_date_outside_of_the_allowed_years_is_refused(sent: str) -> None:
    [refused] = refusals(Date, sent)
    assert refused["code"] == "out_of_range"
    assert refused["detail"] == "must be in the years 1900 to 2200"


@given(st.times())
def test_a_time_is_equal_after_writing_and_reading(value: dt.time) -> None:
    assert read(Time, value.isoformat()) == value


def test_digits_after_the_microseconds_are_dropped() -> None:
    assert read(Time, "09:30:00." + "9" * 1000) == dt.time(9, 30, 0, 999_999)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "09:30",
        "9:30:00",
        "093000",
        "24:00:00",
        "23:59:60",
        "09:30:00Z",
        "09:30:00+01:00",
        "09:30:00.",
        "09:30:00,5",
        "T09:30:00",
        "09:30:00\n",
        "\uff10\uff19:30:00",
        930,
        None,
    ],
)
def test_a_value_that_is_no_time_of_the_day_is_refused(sent: Any) -> None:
    assert code(Time, sent) == "invalid_format"


@given(st.timedeltas(dt.timedelta(), LONGEST))
def test_a_duration_is_equal_after_writing_and_reading(value: dt.timedelta) -> None:
    assert read(Duration, duration_text(value)) == value


@pytest.mark.parametrize("sent", ["", "1 h", "P1Y", "P1M", "PT", 90, 1.5, True, None])
def test_a_value_that_is_no_duration_is_refused(sent: Any) -> None:
    assert code(Duration, sent) == "invalid_format"


@pytest.mark.parametrize(
    ("kind", "sent", "detail"),
    [
        (Duration, "-PT1S", "must be at least PT0S"),
        (Duration, "P36525DT1S", "must be at most P36525D"),
        (Lead, "-PT5M1S", "must be at least -PT5M"),
        (Lead, "P1W", "must be at most P2D"),
    ],
)
def test_a_duration_out_of_its_bounds_is_refused_with_the_bound(
    kind: Any, sent: str, detail: str
) -> None:
    [refused] = refusals(kind, sent)
    assert (refused["code"], refused["detail"]) == ("out_of_range", detail)


def test_the_schemas_describe_the_forms() -> None:
    schemas = [TypeAdapter(kind).json_schema() for kind in (Date, Time, Duration, Lead)]
    assert [schema["format"] for schema in schemas] == [
        "date",
        "time-local",
        "duration",
        "duration",
    ]
    assert schemas[2]["pattern"].startswith("^P")
    assert schemas[3]["pattern"].startswith("^-?P")
    assert schemas[3]["description"] == "-PT5M to P2D."
