"""All waits of an operation together are limited; the time of work does not count."""

import asyncio

import pytest

from app.core.exceptions import Overloaded
from app.core.wait_budget import WaitBudget


async def test_a_wait_ends_when_nothing_is_left() -> None:
    async with asyncio.timeout(10):
        with pytest.raises(Overloaded):
            async with WaitBudget(0.05).waiting():
                await asyncio.Event().wait()


async def test_several_waits_share_the_budget() -> None:
    budget, loop = WaitBudget(0.3), asyncio.get_running_loop()
    async with budget.waiting():
        await asyncio.sleep(0.2)
    began = loop.time()
    with pytest.raises(Overloaded):
        async with budget.waiting():
            await asyncio.Event().wait()
    assert loop.time() - began < 0.3
    with pytest.raises(Overloaded):
        async with budget.waiting():
            await asyncio.sleep(0.01)


async def test_the_time_between_two_waits_does_not_count() -> None:
    budget = WaitBudget(0.2)
    async with budget.waiting():
        pass
    await asyncio.sleep(0.3)
    async with budget.waiting():
        await asyncio.sleep(0)


async def test_a_timeout_of_the_work_itself_is_not_changed() -> None:
    with pytest.raises(TimeoutError):
        async with WaitBudget(60).waiting():
            raise TimeoutError
