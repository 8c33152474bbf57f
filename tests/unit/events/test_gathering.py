"""What several callers want at the same time, done at once."""

import asyncio
from collections.abc import Sequence

import pytest

from app.shared.infrastructure.events.delivery.gathering import Gathered


class Doubling:
    """Doubles numbers, but not before it may, and fails for those that it refuses."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.may = asyncio.Event()
        self.refused: set[int] = set()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.done.append(list(numbers))
        await self.may.wait()
        if self.refused & set(numbers):
            raise ValueError("refused")
        return [2 * number for number in numbers]


async def begun(gathered: Gathered[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    async def call(number: int) -> int:
        return await gathered(number)

    tasks = [asyncio.create_task(call(number)) for number in numbers]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_calls_that_come_during_the_work_are_done_together_after_it() -> None:
    doubling = Doubling()
    gathered = Gathered(doubling)
    tasks = await begun(gathered, 1)
    tasks += await begun(gathered, 2, 3)
    doubling.may.set()

    assert await asyncio.gather(*tasks) == [2, 4, 6]
    assert doubling.done == [[1], [2, 3]]


async def test_no_more_than_a_hundred_are_done_together() -> None:
    doubling = Doubling()
    doubling.may.set()
    gathered = Gathered(doubling)

    assert await asyncio.gather(*map(gathered, range(250))) == [2 * n for n in range(250)]
    assert [len(numbers) for numbers in doubling.done] == [100, 100, 50]


async def test_an_error_reaches_all_callers_of_that_work_and_no_others() -> None:
    doubling = Doubling()
    doubling.refused = {2}
    gathered = Gathered(doubling)
    tasks = await begun(gathered, 1)
    tasks += await begun(gathered, 2, 3)
    doubling.may.set()

    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert first == 2
    assert [type(error) for error in others] == [ValueError, ValueError]
    assert await gathered(4) == 8


async def test_a_caller_that_is_cancelled_stops_nothing() -> None:
    doubling = Doubling()
    gathered = Gathered(doubling)
    tasks = await begun(gathered, 1)
    tasks += await begun(gathered, 2, 3)
    tasks[0].cancel()
    tasks[1].cancel()
    doubling.may.set()

    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert await tasks[2] == 6
    assert doubling.done == [[1], [2, 3]]
