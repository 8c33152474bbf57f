import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.http.schema_types import EARLIEST, LATEST, Timestamp
from tests.unit.core.http.schema_types.sending import code, read, refusals


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-31T12:30:45Z", "2026-01-31T12:30:45+00:00"),
        ("2026-01-31t12:30:45z", "2026-01-31T12:30:45+00:00"),
        ("2026-01-31T12:30:45+00:00", "2026-01-31T12:30:45+00:00"),
        ("2026-01-31T12:30:45-00:00", "2026-01-31T12:30:45+00:00"),
        ("2026-01-31T12:30:45-03:30", "2026-01-31T16:00:45+00:00"),
        ("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00+00:00"),
        ("2026-01-31T12:30:45.5Z", "2026-01-31T12:30:45.500000+00:00"),
        ("2026-01-31T12:30:45.123456Z", "2026-01-31T12:30:45.123456+00:00"),
        # .NET writes seven digits, Java and Go nine; we store six, and drop the rest.
        ("2026-01-31T12:30:45.1234567Z", "2026-01-31T12:30:45.123456+00:00"),
        ("2026-01-31T12:30:45.123456999-03:00", "2026-01-31T15:30:45.123456+00:00"),
        ("2026-01-31T12:30:45." + "9" * 1000 + "Z", "2026-01-31T12:30:45.999999+00:00"),
        ("2200-12-31T23:59:59.999999999Z", "2200-12-31T23:59:59.999999+00:00"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59+00:00"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ("1969-12-31T22:00:00-02:00", "1970-01-01T00:00:00+00:00"),
        ("2200-12-31T23:59:59.999999Z", "2200-12-31T23:59:59.999999+00:00"),
        ("2201-01-01T01:59:59+02:00", "2200-12-31T23:59:59+00:00"),
    ],
)
def test_a_time_of_rfc_3339_is_read_as_utc(written: str, meant: str) -> None:
    moment = read(Timestamp, written)
    assert (moment.isoformat(), moment.tzinfo) == (meant, dt.UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026-01-31",
        "12:30:45Z",
        "2026-01-31T12:30:45",  # without an offset the time is ambiguous
        "2026-01-31 12:30:45Z",
        "2026-01-31T12:30Z",
        "2026-01-31T12Z",
        "20260131T123045Z",
        "2026-W05-6T12:30:45Z",
        "2026-031T12:30:45Z",
        "2026-01-31T12:30:45.Z",
        "2026-01-31T12:30:45,5Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-06-30T23:59:60Z",  # a leap second: our clocks have none
        "2026-02-30T12:00:00Z",
        "2025-02-29T12:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-31T12:30:45+24:00",
        "2026-01-31T12:30:45+00:60",
        "2026-01-31T12:30:45+99:99",
        "2026-01-31T12:30:45+0300",
        "2026-01-31T12:30:45+03",
        "2026-01-31T12:30:45+03:00:00",
        "2026-01-31T12:30:45 Z",
        " 2026-01-31T12:30:45Z",
        "2026-01-31T12:30:45Z\n",
        "+2026-01-31T12:30:45Z",
        "-2026-01-31T12:30:45Z",
        "12026-01-31T12:30:45Z",
        "\uff12\uff10\uff12\uff16-01-31T12:30:45Z",
        "\u0662\u0660\u0662\u0666-01-31T12:30:45Z",
        "2026-01-31T12:30:45\u2212" + "03:00",
        "now",
        "1769862645",
        "\ud800",
    ],
)
def test_a_time_that_is_not_rfc_3339_is_refused(written: str) -> None:
    assert code(Timestamp, written) == "invalid_format"


@pytest.mark.parametrize("value", [0, 1769862645, 1.5, True, None, [], {}])
def test_a_number_as_time_is_refused(value: Any) -> None:
    assert code(Timestamp, value) == "invalid_format"


@pytest.mark.parametrize(
    "written",
    [
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "2201-01-01T00:00:00Z",
        "2200-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",  # in UTC this is before the first allowed year
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999999-23:59",  # and this after the last
    ],
)
def test_a_time_outside_of_the_allowed_years_is_refused(written: str) -> None:
    [refused] = refusals(Timestamp, written)
    assert refused["code"] == "out_of_range"
    assert refused["detail"] == "must be in the years 1970 to 2200"


@given(
    st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)),
    st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59),
)
def test_a_time_is_equal_after_writing_and_reading(moment: dt.datetime, offset: int) -> None:
    elsewhere = dt.timezone(dt.timedelta(minutes=offset))
    written = moment.replace(tzinfo=dt.UTC).astimezone(elsewhere).isoformat()
    assert read(Timestamp, written) == moment.replace(tzinfo=dt.UTC)
