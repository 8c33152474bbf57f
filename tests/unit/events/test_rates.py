"""How many runs may start with a rate."""

import datetime as dt
import random

import pytest

from app.core.run_limits import Rate, read_rate
from app.shared.infrastructure.events.delivery.limits import available, used_until

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60/min", (60, 60, 1)),
        ("5/s", (5, 1, 5)),
        ("100/h", (100, 3600, 1)),
        ("1/day", (1, 86400, 1)),
    ],
)
def test_a_rate_has_a_count_a_time_and_a_burst(text: str, expected: tuple[int, int, int]) -> None:
    rate = read_rate(text)
    assert (rate.count, rate.seconds, rate.burst) == expected


@pytest.mark.parametrize(
    "text", ["", "60", "0/min", "-1/s", "sixty/min", "60/week", "1001/s", "1.5/s"]
)
def test_a_text_that_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="60/min"):
        read_rate(text)


@pytest.mark.parametrize("rate", [Rate(60, 60), Rate(600, 60), Rate(7, 1), Rate(10, 3600)])
def test_in_any_window_no_more_start_than_the_rate_and_its_burst(rate: Rate) -> None:
    chance = random.Random(7)  # noqa: S311 - the same each time
    now, used = NOW, None
    starts: list[dt.datetime] = []
    for _ in range(3_000):
        now += dt.timedelta(seconds=chance.expovariate(2 / rate.interval))
        count = min(available(rate, used, now), chance.randint(0, 5))
        starts += [now] * count
        if count:
            used = used_until(rate, used, now, starts=count)
    window = dt.timedelta(seconds=rate.seconds)
    first = 0
    for last, start in enumerate(starts):
        while start - starts[first] >= window:
            first += 1
        assert last - first + 1 <= rate.count + rate.burst
    assert len(starts) > rate.count


def test_a_handler_that_never_waits_reaches_its_rate() -> None:
    rate, used, count = Rate(60, 60), None, 0
    for second in range(600):
        now = NOW + dt.timedelta(seconds=second)
        free = available(rate, used, now)
        used = used_until(rate, used, now, starts=free) if free else used
        count += free
    assert count == 600
