"""What would be done sooner is filled up, so that nobody can tell by its time what was done."""

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


def test_work_that_is_done_sooner_takes_as_long_as_typical_work(
    even: TimeEqualizer, watch: Watch
) -> None:
    taken(watch, even, 0.07, typical=True)
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.07, abs=STEP)
    assert taken(watch, even, 0.0, typical=False) == pytest.approx(0.07, abs=STEP)
    assert taken(watch, even, 0.09, typical=False) == pytest.approx(0.09)


def test_typical_work_that_is_faster_than_most_is_filled_up_too(
    even: TimeEqualizer, watch: Watch
) -> None:
    for _ in range(50):
        taken(watch, even, 0.07, typical=True)
    assert taken(watch, even, 0.06, typical=True) == pytest.approx(0.07, abs=2 * STEP)


def test_where_typical_work_differs_most_of_it_is_filled_up(
    even: TimeEqualizer, watch: Watch
) -> None:
    for turn in range(100):
        taken(watch, even, 0.07 + 0.01 * (-1) ** turn, typical=True)
    fast, slow, other = (
        taken(watch, even, seconds, typical=typical)
        for seconds, typical in ((0.06, True), (0.08, True), (0.03, False))
    )
    assert fast == pytest.approx(other, abs=2 * STEP)
    assert slow == pytest.approx(other, abs=2 * STEP)


def test_what_is_typical_follows_the_machine(even: TimeEqualizer, watch: Watch) -> None:
    taken(watch, even, 0.5, typical=True)  # the first one is slow
    for _ in range(100):
        taken(watch, even, 0.07, typical=True)
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.07, abs=2 * STEP)


def test_other_work_does_not_change_what_is_typical(even: TimeEqualizer, watch: Watch) -> None:
    taken(watch, even, 0.07, typical=True)
    for _ in range(50):
        taken(watch, even, 5.0, typical=False)
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.07, abs=STEP)


def test_before_anything_was_typical_nothing_is_filled_up(
    even: TimeEqualizer, watch: Watch
) -> None:
    assert taken(watch, even, 0.03, typical=False) == pytest.approx(0.03)


def test_without_anything_said_work_is_real(watch: Watch) -> None:
    even = TimeEqualizer()
    with even.measured():
        sum(range(200_000))
    with even.equalized():
        pass
