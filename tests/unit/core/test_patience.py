"""All waits of somebody together end in time, and what is no wait does not count."""

import asyncio

import pytest

from app.core.exceptions import Overloaded
from app.core.patience import Patience


async def test_a_wait_ends_when_nothing_is_left() -> None:
    async with asyncio.timeout(10):
        with pytest.raises(Overloaded):
            async with Patience(0.05).waiting():
                await asyncio.Event().wait()


async def test_several_waits_share_what_there_is() -> None:
    patience, loop = Patience(0.3), asyncio.get_running_loop()
    async with patience.waiting():
        await asyncio.sleep(0.2)
    began = loop.time()
    with pytest.raises(Overloaded):
        async with patience.waiting():
            await asyncio.Event().wait()
    assert loop.time() - began < 0.3
    with pytest.raises(Overloaded):
        async with patience.waiting():
            await asyncio.sleep(0.01)


async def test_what_lies_between_two_waits_does_not_count() -> None:
    patience = Patience(0.2)
    async with patience.waiting():
        pass
    await asyncio.sleep(0.3)
    async with patience.waiting():
        await asyncio.sleep(0)


async def test_a_timeout_of_the_work_itself_is_its_own() -> None:
    with pytest.raises(TimeoutError):
        async with Patience(60).waiting():
            raise TimeoutError
