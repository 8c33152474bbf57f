"""When requests are refused because others wait, and which ones."""

import asyncio
import math
import time
from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from app.core.admission import (
    LEAST_CAP,
    MOST_BEGUN_IN_A_TURN,
    MOST_WAITING_FOR_CONNECTIONS,
    WINDOW_SECONDS,
    Admission,
    Importance,
)

CRITICAL, NORMAL, SHEDDABLE = Importance


class Time:
    """What the clock of the admission shows."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def with_windows(shortest: Iterable[float], *, in_flight: int = 100) -> Admission:
    """Return one after some windows, each with the shortest wait of the queue in it."""
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
        admission.queue.waited(wait)
        admission.queue.waited(wait + 1)
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


async def begin(admission: Admission, began: list[int], number: int) -> None:
    if admission.begins_now() or await admission.turn(NORMAL):
        began.append(number)


def fill(admission: Admission) -> None:
    """Let so many requests begin that no other one does in this turn."""
    while admission.begins_now():
        pass


async def test_only_some_requests_begin_in_a_turn_of_the_loop_and_the_oldest_first() -> None:
    admission, began, counts = Admission(), list[int](), list[int]()
    most = MOST_BEGUN_IN_A_TURN
    async with asyncio.TaskGroup() as group:
        for number in range(3 * most):
            group.create_task(begin(admission, began, number))
        for _ in range(5):
            await asyncio.sleep(0)
            counts.append(len(began))
    assert began == list(range(3 * most))
    assert sorted(set(counts)) == [most, 2 * most, 3 * most]
    assert admission.begins_now()


async def test_while_several_requests_wait_for_a_connection_no_other_one_begins() -> None:
    admission, began = Admission(), list[int]()
    for _ in range(MOST_WAITING_FOR_CONNECTIONS):
        admission.waits_for_connection()
    tasks = [asyncio.create_task(begin(admission, began, number)) for number in range(3)]
    await asyncio.sleep(0.01)
    assert began == []
    admission.waited_for_connection(0.01)
    await asyncio.gather(*tasks)
    assert began == [0, 1, 2]


async def test_a_request_that_left_while_it_waited_takes_no_place() -> None:
    admission, began = Admission(), list[int]()
    most = MOST_BEGUN_IN_A_TURN
    tasks = [asyncio.create_task(begin(admission, began, number)) for number in range(3 * most)]
    await asyncio.sleep(0)
    for left in tasks[most : 2 * most]:
        left.cancel()
    for _ in range(2):
        await asyncio.sleep(0)
    assert began == [*range(most), *range(2 * most, 3 * most)]
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_request_whose_client_hung_up_while_it_waited_does_not_begin() -> None:
    admission = Admission()
    fill(admission)
    gone, other = admission.turn(NORMAL, lambda: True), admission.turn(NORMAL)
    assert not await gone
    assert await other


async def test_requests_that_wait_for_their_turn_for_long_are_a_queue() -> None:
    time = Time()
    admission = Admission(time)
    await admission.open()
    admission.in_flight = 100
    try:
        fill(admission)
        admission.turn(NORMAL)
        time.now = 0.4
        admission.tick()
        assert admission.least_cap == math.inf, "one pause is no queue"
        time.now = 0.5
        admission.tick()
        assert admission.least_cap < math.inf
    finally:
        await admission.close()


async def test_who_is_too_many_when_the_cap_falls_is_refused_lists_first_and_the_newest() -> None:
    admission = Admission()
    fill(admission)
    kinds = [SHEDDABLE] * 20 + [NORMAL] * 70
    turns = [admission.turn(kind) for kind in kinds]
    pass_windows(admission, [0.6], in_flight=100)
    assert admission.least_cap == pytest.approx(0.75 * 25)
    begun = [number for number, turn in enumerate(turns) if not turn.done()]
    assert begun == list(range(20, 35))
    assert not any(turn.result() for turn in turns if turn.done())


@pytest.mark.parametrize(("busy", "reason"), [(True, "event_loop"), (False, "database")])
def test_what_is_overloaded_is_known_by_whether_the_process_computes(
    *, busy: bool, reason: str
) -> None:
    with capture_logs() as lines:
        admission = Admission()
        admission.end_window(0)
        end = time.thread_time() + WINDOW_SECONDS
        while busy and time.thread_time() < end:
            pass
        pass_windows(admission, [0.6])
    assert [line["overloaded"] for line in lines] == [reason]
