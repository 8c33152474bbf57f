"""Whether and when a request is repeated."""

import datetime as dt

import pytest
import time_machine

from app.shared.application.http import AddressRefused, Answer, CircuitOpen, NoAnswer
from app.shared.infrastructure.external.http_client import _Busy, _pause_before_another

NOW = dt.datetime(2026, 1, 2, 17, 30, tzinfo=dt.UTC)


def answer(**headers: str) -> Answer:
    return Answer(503, headers, b"", is_whole=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("Fri, 02 Jan 2026 17:31:00 GMT", 60),
        ("Fri, 02 Jan 2026 17:29:00 GMT", 0),
        ("Friday, 02-Jan-26 17:31:00 GMT", 60),
    ],
)
def test_retry_after_is_read(text: str, seconds: float) -> None:
    with time_machine.travel(NOW, tick=False):
        assert answer(**{"retry-after": text}).retry_after == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "٣", "Fri, 99 Jan 2026 17:31:00 GMT"])
def test_an_invalid_retry_after_is_ignored(text: str) -> None:
    assert answer(**{"retry-after": text}).retry_after is None


def test_without_an_answer_another_attempt_is_made() -> None:
    assert _pause_before_another(NoAnswer("host")) is True


def test_an_answer_that_names_no_time_waits_as_usual() -> None:
    assert _pause_before_another(_Busy("host", answer())) is True


def test_a_short_time_is_waited_for_with_jitter() -> None:
    pauses = {_pause_before_another(_Busy("host", answer(**{"retry-after": "2"}))) for _ in "1234"}
    assert len(pauses) > 1
    assert all(2 <= pause <= 3 for pause in pauses)


@pytest.mark.parametrize("text", ["4", "3600", "999999999999999999999"])
def test_a_long_time_is_not_waited_for_here(text: str) -> None:
    assert _pause_before_another(_Busy("host", answer(**{"retry-after": text}))) is False


@pytest.mark.parametrize(
    "error", [CircuitOpen("host", failures=5, after=1), AddressRefused("host"), ValueError()]
)
def test_other_errors_are_not_retried(error: Exception) -> None:
    assert _pause_before_another(error) is False
