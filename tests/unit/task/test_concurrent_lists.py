"""The number of concurrent lists of one user is limited: others need the connections too."""

import asyncio
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from app.core.concurrency_limit import ConcurrencyLimit
from app.core.limits import TooManyRequests
from app.core.security import Actor
from app.modules.task.application.dto import TaskListRequest
from app.modules.task.application.readers import TaskReader
from app.modules.task.application.usecases.list_tasks import ListTasks
from app.shared.application.dto import CursorPage

AT_ONCE = 2


class SlowReader:
    """Finds nothing, slowly."""

    def __init__(self) -> None:
        self.running, self.most, self.go_on = 0, 0, asyncio.Event()

    async def page(self, request: TaskListRequest, /) -> CursorPage[Any]:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go_on.wait()
        self.running -= 1
        return CursorPage(items=[], next_cursor=None, limit=request.page.limit)


@pytest.fixture
def reader() -> SlowReader:
    return SlowReader()


@pytest.fixture
def lists(reader: SlowReader) -> ListTasks:
    return ListTasks(cast("TaskReader", reader), ConcurrencyLimit(AT_ONCE))


def a_list(lists: ListTasks, user_id: UUID) -> "asyncio.Task[Any]":
    actor = Actor(user_id, uuid4(), frozenset())
    return asyncio.create_task(lists.execute(TaskListRequest(actor=actor)))


async def test_a_third_concurrent_list_of_one_user_waits(
    lists: ListTasks, reader: SlowReader
) -> None:
    user = uuid4()
    asked = [a_list(lists, user) for _ in range(10)]
    await asyncio.sleep(0.01)
    assert reader.running == AT_ONCE

    reader.go_on.set()
    await asyncio.gather(*asked)
    assert reader.most == AT_ONCE


async def test_the_lists_of_another_user_do_not_wait(lists: ListTasks, reader: SlowReader) -> None:
    asked = [a_list(lists, uuid) for uuid in [uuid4()] * 10 + [uuid4()]]
    await asyncio.sleep(0.01)
    assert reader.running == AT_ONCE + 1
    reader.go_on.set()
    await asyncio.gather(*asked)


async def test_too_many_concurrent_lists_of_one_user_are_refused(
    lists: ListTasks, reader: SlowReader
) -> None:
    user = uuid4()
    asked = [a_list(lists, user) for _ in range(ConcurrencyLimit.MOST_WAITING)]
    await asyncio.sleep(0.01)
    with pytest.raises(TooManyRequests):
        await a_list(lists, user)
    reader.go_on.set()
    await asyncio.gather(*asked)
