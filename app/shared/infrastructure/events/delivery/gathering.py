"""Gathering: what several callers want at about the same time is done for all of them at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

AT_ONCE: Final = 100

T = TypeVar("T")
R = TypeVar("R")


class Gathered(Generic[T, R]):
    """Does the work at once for the first caller; others that come meanwhile are next, together.

    So nobody waits for more callers, and the more there are, the less each costs. Each caller gets
    its own result, or the error of the work. A caller that is cancelled stops nothing.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        """`work` returns a result for each item, in the same order."""
        self._work = work
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._task is None:
            self._task = asyncio.create_task(self._until_nothing_waits())
        return await result

    async def _until_nothing_waits(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._do(now)
        finally:
            self._task = None

    async def _do(self, now: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        results = [result for _, result in now]
        try:
            found = await self._work([item for item, _ in now])
        except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
            for result in results:
                if not result.done():
                    result.set_exception(error)
        else:
            for result, value in zip(results, found, strict=True):
                if not result.done():  # its caller was cancelled
                    result.set_result(value)
