"""How long a failed delivery waits, and the key by which a receiver recognises a repetition."""

from uuid import UUID

import pytest

from app.core.endings import Retry
from app.shared.infrastructure.events.delivery.delays import LONGEST_DELAY_SECONDS, delay_after
from app.shared.infrastructure.events.delivery.delivery_context import delivery_key

EVENT = UUID("0197f0c4-1111-7222-8333-444455556666")


@pytest.mark.parametrize(("attempts", "usual"), [(1, 4), (2, 8), (3, 16), (9, 1024)])
def test_the_wait_doubles_with_each_attempt(attempts: int, usual: int) -> None:
    delays = [delay_after(attempts, ValueError()) for _ in range(1_000)]
    assert 0.75 * usual <= min(delays) < 0.8 * usual
    assert 1.2 * usual < max(delays) <= 1.25 * usual


@pytest.mark.parametrize("attempts", [11, 30, 1_000])
def test_a_wait_is_at_most_about_an_hour(attempts: int) -> None:
    delay = delay_after(attempts, ValueError())
    assert 0.75 * LONGEST_DELAY_SECONDS <= delay <= 1.25 * LONGEST_DELAY_SECONDS


@pytest.mark.parametrize("attempts", [1, 8])
def test_a_handler_can_lengthen_the_wait_but_not_shorten_it(attempts: int) -> None:
    """A short wait would use up all attempts in minutes, for example while a circuit is open."""
    usual = 2.0 * 2**attempts
    assert delay_after(attempts, Retry(after=10 * usual)) == 10 * usual
    delays = [delay_after(attempts, Retry(after=0.1)) for _ in range(100)]
    assert 0.75 * usual <= min(delays) < max(delays) <= 1.25 * usual


def test_a_key_is_the_same_for_each_attempt_and_no_other_delivery_has_it() -> None:
    key = delivery_key(EVENT, "note.mail")
    assert key == delivery_key(EVENT, "note.mail") == "f749c104-ffaa-5ed0-b6c1-0bc7024e7c8a"
    assert key != delivery_key(EVENT, "note.post")
    assert key != delivery_key(UUID(int=1), "note.mail")
    assert "." not in key  # the separator of a webhook's signed text
