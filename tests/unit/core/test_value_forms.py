"""Decimals and durations have one exact text form each."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.value_forms import decimal_text, duration_text, parse_duration


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.50", "12.50"),
        ("-12.5", "-12.5"),
        ("1E+5", "100000"),
        ("1E-7", "0.0000001"),
        ("0E-7", "0.0000000"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
    ],
)
def test_a_decimal_is_written_in_plain_digits(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_nan_as_decimal_has_no_form(value: str) -> None:
    with pytest.raises(ValueError, match="NaN and Infinity are no decimal numbers"):
        decimal_text(Decimal(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_decimal_is_equal_after_writing_and_reading(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.timedelta(), "PT0S"),
        (dt.timedelta(days=1), "P1D"),
        (dt.timedelta(weeks=2), "P14D"),
        (dt.timedelta(hours=36), "P1DT12H"),
        (dt.timedelta(minutes=90), "PT1H30M"),
        (dt.timedelta(seconds=1, microseconds=500_000), "PT1.5S"),
        (dt.timedelta(microseconds=1), "PT0.000001S"),
        (dt.timedelta(seconds=-1), "-PT1S"),
        (dt.timedelta.max, "P999999999DT23H59M59.999999S"),
        (dt.timedelta.min, "-P999999999D"),
    ],
)
def test_a_duration_is_written_in_iso_8601(value: dt.timedelta, text: str) -> None:
    assert duration_text(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("P2W", dt.timedelta(weeks=2)),
        ("PT36H", dt.timedelta(hours=36)),
        ("PT0090M", dt.timedelta(minutes=90)),
        ("P1DT1S", dt.timedelta(days=1, seconds=1)),
        ("PT0.1234569S", dt.timedelta(microseconds=123_456)),
        pytest.param("PT0." + "9" * 10_000 + "S", dt.timedelta(microseconds=999_999), id="long"),
        ("-P1D", dt.timedelta(days=-1)),
    ],
)
def test_a_duration_of_a_fixed_length_is_read(text: str, value: dt.timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "P1Y",
        "P1M",
        "P1Y2M",
        "P1WT1H",
        "PT1.5H",
        "PT1,5S",
        "PT1H1H",
        "PT1S1M",
        "1H",
        "p1d",
        "+P1D",
        "--P1D",
        "P-1D",
        "P1D\n",
        " P1D",
        "PT\uff11S",
        "P999999999D",
        pytest.param("P" + "9" * 100_000 + "D", id="long"),
        "90",
        "1:30:00",
    ],
)
def test_a_text_that_is_no_duration_of_a_fixed_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no ISO 8601 duration"):
        parse_duration(text)


@given(st.timedeltas(dt.timedelta(days=-99_999_999), dt.timedelta(days=99_999_999)))
def test_a_duration_is_equal_after_writing_and_reading(value: dt.timedelta) -> None:
    assert parse_duration(duration_text(value)) == value
