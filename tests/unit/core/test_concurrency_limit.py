"""Each caller may run a few operations at once, and waits a short time for more."""

import asyncio

import pytest

from app.core.concurrency_limit import ConcurrencyLimit
from app.core.limits import TooManyRequests


async def test_a_caller_over_the_limit_waits_for_one_to_end() -> None:
    concurrency = ConcurrencyLimit(2)
    await concurrency.acquire("ana")
    await concurrency.acquire("ana")
    third = asyncio.create_task(concurrency.acquire("ana"))
    await asyncio.sleep(0)
    assert not third.done()

    concurrency.release("ana")
    await third


async def test_callers_do_not_wait_for_each_other() -> None:
    concurrency = ConcurrencyLimit(1)
    for name in ("ana", "bruno", "carla"):
        await concurrency.acquire(name)


async def test_a_caller_that_waits_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConcurrencyLimit, "SECONDS", 0.01)
    concurrency = ConcurrencyLimit(1)
    await concurrency.acquire("ana")
    with pytest.raises(TooManyRequests):
        await concurrency.acquire("ana")
    concurrency.release("ana")
    await concurrency.acquire("ana")


async def test_the_number_of_waiting_callers_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConcurrencyLimit, "MOST_WAITING", 3)
    concurrency = ConcurrencyLimit(1)
    await concurrency.acquire("ana")
    waiting = [asyncio.create_task(concurrency.acquire("ana")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await concurrency.acquire("ana")
    for each in waiting:
        concurrency.release("ana")
        await each


async def test_a_cancelled_caller_takes_no_turn() -> None:
    concurrency = ConcurrencyLimit(1)
    await concurrency.acquire("ana")
    waiting = asyncio.create_task(concurrency.acquire("ana"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    concurrency.release("ana")
    await asyncio.wait_for(concurrency.acquire("ana"), 1)


async def test_no_state_of_a_finished_caller_is_kept() -> None:
    concurrency = ConcurrencyLimit(2)
    for name in ("ana", "bruno"):
        await concurrency.acquire(name)
        await concurrency.acquire(name)
        concurrency.release(name)
        concurrency.release(name)
    assert concurrency._callers == {}
