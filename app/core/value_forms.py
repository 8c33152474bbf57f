"""The one text form of decimals and durations, in JSON and elsewhere."""

import datetime as dt
import re
from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 18
"""The digits of a decimal: what a 64-bit integer always holds, since SQLite stores it as one."""

# ISO 8601-1, section 5.5.2, without years and months, which have no fixed length.
_DURATION: Final = re.compile(
    r"(?P<sign>-?)P(?=.)(?:(?P<weeks>\d{1,8})W|"
    r"(?:(?P<days>\d{1,8})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,8})M)?"
    r"(?:(?P<seconds>\d{1,8})(?:\.(?P<fraction>\d+))?S)?)?)",
    re.ASCII,
)

_UNITS: Final = ("weeks", "days", "hours", "minutes", "seconds")


def decimal_text(value: Decimal) -> str:
    """Return the number in plain digits: `12.50`, never `1.25E+1`, and no sign before zero.

    Raises ValueError for NaN and Infinity.
    """
    if not value.is_finite():
        message = "NaN and Infinity are no decimal numbers"
        raise ValueError(message)
    return format(value or value.copy_abs(), "f")


def duration_text(value: dt.timedelta) -> str:
    """Return the duration in the form of ISO 8601: `P1DT2H30M`, `PT0.5S`, `-PT1M`."""
    sign, value = ("-", -value) if value < dt.timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    date = f"{value.days}D" if value.days else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if seconds or fraction:
        time += f"{seconds}{fraction}S"
    if time or not date:
        date += f"T{time or '0S'}"
    return f"{sign}P{date}"


def parse_duration(text: str) -> dt.timedelta:
    """Return the duration; digits after the microseconds are dropped.

    Raises ValueError for anything but weeks, or days, hours, minutes and seconds of at most eight
    digits each.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        message = "no ISO 8601 duration of a fixed length"
        raise ValueError(message)
    sign, fraction = found["sign"], found["fraction"] or ""
    parts = {unit: int(found[unit] or 0) for unit in _UNITS}
    value = dt.timedelta(**parts, microseconds=int(fraction[:6].ljust(6, "0")))
    return -value if sign else value
