"""How long an idle engine waits before it asks again."""

from app.shared.infrastructure.events.delivery.engine import LONGEST_PAUSE_SECONDS, _longer


def test_an_idle_engine_waits_longer_each_time_up_to_a_second() -> None:
    pauses = [0.02]
    while pauses[-1] < LONGEST_PAUSE_SECONDS:
        pauses.append(_longer(pauses[-1]))
    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0]
    assert _longer(1.0) == 1.0
