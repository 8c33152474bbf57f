"""When the engine looks at what it need not look at each time."""

import pytest

from app.shared.infrastructure.events import engine
from app.shared.infrastructure.events.engine import LONGEST_PAUSE_SECONDS, Rhythm, _longer


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    return clock


def test_it_is_time_at_once_and_then_after_each_interval(clock: Clock) -> None:
    rhythm, heard = Rhythm(5), []
    for clock.now in (100, 101, 104.9, 105, 106, 109.9, 110):
        heard.append(rhythm.is_time())
    assert heard == [True, False, False, True, False, False, True]


def test_what_was_missed_is_not_made_up_for(clock: Clock) -> None:
    rhythm = Rhythm(5)
    assert rhythm.is_time()
    clock.now = 1_000
    assert [rhythm.is_time(), rhythm.is_time()] == [True, False]


def test_an_idle_engine_waits_longer_each_time_up_to_a_second() -> None:
    pauses = [0.02]
    while pauses[-1] < LONGEST_PAUSE_SECONDS:
        pauses.append(_longer(pauses[-1]))
    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0]
    assert _longer(1.0) == 1.0
