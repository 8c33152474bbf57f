"""A failing host gets no requests for a while, and is tried again."""

import pytest

from app.shared.application.http import CircuitOpen
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from tests.support.watch import Watch

HOST = "hooks.example.com"


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def breaker(watch: Watch) -> CircuitBreaker:
    return CircuitBreaker(watch)


def fail(breaker: CircuitBreaker, times: int, host: str = HOST) -> None:
    for _ in range(times):
        breaker.failed(host)


def pause(breaker: CircuitBreaker) -> float:
    with pytest.raises(CircuitOpen) as error:
        breaker.admit(HOST)
    return error.value.after


def test_some_failures_are_tolerated(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.admit(HOST)


def test_after_five_failures_in_a_row_the_circuit_opens(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)
    assert pause(breaker) == 30
    with pytest.raises(
        CircuitOpen, match=r"^hooks.example.com gets no requests now: it failed 5 times"
    ):
        breaker.admit(HOST)


def test_a_success_resets_the_failures(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.succeeded(HOST)
    fail(breaker, 4)
    breaker.admit(HOST)


def test_the_failures_of_one_host_are_not_those_of_another(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)
    breaker.admit("other.example.com")


def test_an_open_circuit_reports_the_remaining_time(breaker: CircuitBreaker, watch: Watch) -> None:
    fail(breaker, 5)
    watch.seconds += 10
    assert pause(breaker) == 20


def test_after_the_pause_one_request_may_try(breaker: CircuitBreaker, watch: Watch) -> None:
    fail(breaker, 5)
    watch.seconds += 30
    breaker.admit(HOST)
    assert pause(breaker) == 30


def test_a_trial_without_a_result_does_not_block_for_ever(
    breaker: CircuitBreaker, watch: Watch
) -> None:
    fail(breaker, 5)
    watch.seconds += 30
    breaker.admit(HOST)
    watch.seconds += 30
    breaker.admit(HOST)


def test_a_successful_trial_closes_the_circuit(breaker: CircuitBreaker, watch: Watch) -> None:
    fail(breaker, 5)
    watch.seconds += 30
    breaker.admit(HOST)
    breaker.succeeded(HOST)
    breaker.admit(HOST)
    breaker.admit(HOST)


def test_each_trial_that_fails_doubles_the_pause_up_to_an_hour(
    breaker: CircuitBreaker, watch: Watch
) -> None:
    pauses = []
    fail(breaker, 5)
    for _ in range(9):
        pauses.append(pause(breaker))
        watch.seconds += pauses[-1]
        breaker.admit(HOST)
        breaker.failed(HOST)
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_of_too_many_hosts_the_one_whose_last_failure_is_the_oldest_is_forgotten(
    breaker: CircuitBreaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CircuitBreaker, "MOST_REMEMBERED", 2)
    fail(breaker, 4)
    fail(breaker, 5, "second.example.com")
    fail(breaker, 1)
    fail(breaker, 5, "third.example.com")

    assert pause(breaker) == 30
    breaker.admit("second.example.com")
    assert len(breaker._failing) == 2
