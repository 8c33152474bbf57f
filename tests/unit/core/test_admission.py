"""When requests are refused because others wait, and which ones."""

import asyncio
import math
import time
from collections.abc import Iterable

import pytest

from app.core.admission import LEAST_CAP, WINDOW_SECONDS, Admission, Importance

CRITICAL, NORMAL, SHEDDABLE = Importance


def with_windows(shortest: Iterable[float], *, in_flight: int = 100) -> Admission:
    """Return one after some windows, each with the shortest wait for a connection in it."""
    admission = Admission()
    pass_windows(admission, shortest, in_flight=in_flight)
    return admission


def pass_windows(
    admission: Admission, shortest: Iterable[float], *, in_flight: int = 100, begin: float = 0
) -> float:
    """Return the time at their end."""
    now = begin
    admission.in_flight = in_flight
    for wait in shortest:
        admission.waited_for_connection(wait)
        admission.waited_for_connection(wait + 1)
        now += WINDOW_SECONDS
        admission.end_window(now)
    return now


def refused(admission: Admission) -> list[Importance]:
    if admission.in_flight < admission.least_cap:
        return []
    return [each for each in Importance if admission.refuses(each)]


@pytest.mark.parametrize("waits", [[0.03] * 22, [0.6]])
def test_a_queue_that_stays_or_is_long_makes_requests_be_refused(waits: list[float]) -> None:
    assert refused(with_windows(waits)) == [NORMAL, SHEDDABLE]


@pytest.mark.parametrize(
    "waits",
    [
        [
            0.05,
            0.15,
            0.3,
            0.25,
            0.2,
            0.15,
            0.1,
            0.05,
            0.0,
        ],  # twice the capacity for 0.2 seconds, then half
        [0.019] * 50,
        ([0.28] * 19 + [0.0]) * 3,
        [],
    ],
)
def test_a_queue_that_comes_to_an_end_refuses_nobody(waits: list[float]) -> None:
    assert refused(with_windows(waits)) == []


def test_a_cap_falls_while_a_queue_stands_and_rises_when_it_does_not() -> None:
    admission = with_windows([0.6], in_flight=200)
    assert admission.least_cap == pytest.approx(0.75 * 50)
    now = pass_windows(admission, [0.6], in_flight=60, begin=0.1)  # that was before the cap
    assert admission.least_cap == pytest.approx(0.75 * 50)
    now = pass_windows(admission, [0.2], in_flight=50, begin=now)
    assert admission.least_cap == pytest.approx(0.75 * 25)
    now = pass_windows(admission, [0.03], in_flight=25, begin=now)
    assert admission.least_cap == pytest.approx(0.75 * 20)
    pass_windows(admission, [0.0], in_flight=20, begin=now)
    assert admission.least_cap == pytest.approx(0.75 * 21)


def test_a_cap_does_not_rise_while_nobody_needs_it() -> None:
    admission = with_windows([0.6])
    pass_windows(admission, [0.0, 0.0], in_flight=1, begin=0.1)
    before = admission.least_cap
    pass_windows(admission, [0.0], in_flight=1, begin=0.3)
    assert admission.least_cap == before


def test_some_requests_are_answered_however_bad_it_is() -> None:
    assert with_windows([5.0] * 100, in_flight=8).least_cap == LEAST_CAP * 0.75


def test_lists_are_refused_before_others_and_probes_never() -> None:
    admission = with_windows([0.6], in_flight=200)
    admission.in_flight = 40
    assert refused(admission) == [SHEDDABLE]
    admission.in_flight = 36
    assert refused(admission) == []
    admission.in_flight = 1000
    assert refused(admission) == [NORMAL, SHEDDABLE]


def test_after_some_calm_there_is_no_cap() -> None:
    admission = with_windows([0.6])
    pass_windows(admission, [0.0] * 55, in_flight=1, begin=0.1)
    assert admission.least_cap == math.inf


@pytest.mark.parametrize(("pauses", "is_limited"), [(1, False), (3, True)])
async def test_a_loop_that_is_late_for_long_is_a_queue_and_one_pause_is_not(
    pauses: int, *, is_limited: bool
) -> None:
    admission = Admission()
    await admission.open()
    admission.in_flight = 100
    try:
        for _ in range(pauses):
            time.sleep(0.6)  # noqa: ASYNC251 - that is the point
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await asyncio.sleep(0.15 if pauses == 1 else 0)
        assert (admission.least_cap < math.inf) is is_limited
    finally:
        await admission.close()
