"""Shorter work is extended, so that its time does not show what was done."""

import pytest

from app.core.identity.time_equalizer import TimeEqualizer
from tests.support.watch import Watch

STEP = 0.001


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def even(watch: Watch) -> TimeEqualizer:
    def step() -> None:
        watch.seconds += STEP

    return TimeEqualizer(now=watch, idle_work=step)


def taken(watch: Watch, work: "TimeEqualizer", seconds: float, *, typical: bool) -> float:
    before = watch.seconds
    with work.measured() if typical else work.equalized():
        watch.seconds += seconds
    return watch.seconds - before


def test_shorter_work_takes_as_long_as_typical_work(even: TimeEqualizer, watch: Watch) -> None:
    taken(watch, even, 0.07, typical=True)
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.07, abs=STEP)
    assert taken(watch, even, 0.0, typical=False) == pytest.approx(0.07, abs=STEP)
    assert taken(watch, even, 0.09, typical=False) == pytest.approx(0.09)


def test_fast_typical_work_is_extended_too(even: TimeEqualizer, watch: Watch) -> None:
    for _ in range(50):
        taken(watch, even, 0.07, typical=True)
    assert taken(watch, even, 0.06, typical=True) == pytest.approx(0.07, abs=2 * STEP)


def test_most_of_varying_typical_work_is_extended(even: TimeEqualizer, watch: Watch) -> None:
    for turn in range(100):
        taken(watch, even, 0.07 + 0.01 * (-1) ** turn, typical=True)
    fast, slow, other = (
        taken(watch, even, seconds, typical=typical)
        for seconds, typical in ((0.06, True), (0.08, True), (0.03, False))
    )
    assert fast == pytest.approx(other, abs=2 * STEP)
    assert slow == pytest.approx(other, abs=2 * STEP)


def test_the_typical_time_adapts_to_the_machine(even: TimeEqualizer, watch: Watch) -> None:
    taken(watch, even, 0.5, typical=True)  # the first one is slow
    for _ in range(100):
        taken(watch, even, 0.07, typical=True)
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.07, abs=2 * STEP)


def test_other_work_does_not_change_the_typical_time(even: TimeEqualizer, watch: Watch) -> None:
    taken(watch, even, 0.07, typical=True)
    for _ in range(50):
        taken(watch, even, 5.0, typical=False)
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.07, abs=STEP)


def test_before_the_first_measurement_nothing_is_extended(
    even: TimeEqualizer, watch: Watch
) -> None:
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.03)


def test_work_counts_as_typical_by_default(watch: Watch) -> None:
    even = TimeEqualizer()
    with even.measured():
        sum(range(200_000))
    with even.equalized():
        pass
