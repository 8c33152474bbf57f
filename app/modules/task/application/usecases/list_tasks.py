"""Look through one's tasks."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from app.core.concurrency_limit import ConcurrencyLimit
from app.core.cursors import Cursors
from app.modules.task.application.dto import TaskListQuery, TaskListRequest, TaskView
from app.modules.task.application.readers import TaskReader
from app.modules.task.domain.entities import Priority
from app.shared.application.dto import CursorPage

PAGE_BYTES: Final = 256 * 1024
"""Of titles and descriptions: an answer is held in memory until its client has read it."""


class ListTasks:
    """The actor's own and assigned tasks, filtered and ordered, page by page.

    A page begins after a position, not after a number of rows: a page deep in the list costs what
    the first one costs, and tasks that come and go meanwhile neither repeat nor hide others.
    But a search reads all tasks of the actor, so nobody has many lists made at once.
    """

    def __init__(self, reader: TaskReader, cursors: Cursors, concurrency: ConcurrencyLimit) -> None:
        self._reader, self._cursors, self._concurrency = reader, cursors, concurrency

    async def execute(self, request: TaskListRequest) -> CursorPage[TaskView]:
        """Return a page. Raises InvalidCursor and TooManyRequests."""
        await self._concurrency.acquire(request.actor.user_id)
        try:
            return await self._page(request)
        finally:
            self._concurrency.release(request.actor.user_id)

    async def _page(self, request: TaskListRequest) -> CursorPage[TaskView]:
        this_list = _describe(request)
        found = await self._reader.page(
            TaskListQuery(
                user_id=request.actor.user_id,
                filter=request.filter,
                sort=request.sort,
                descending=request.descending,
                size=request.limit + 1,  # one more tells whether there is a next page
                after=self._position(request, this_list),
            )
        )
        items = list(_fitting(found[: request.limit]))
        return CursorPage(
            items=items,
            next_cursor=self._cursors.seal(_position_of(items[-1], request), of=this_list)
            if len(found) > len(items)
            else None,
            limit=request.limit,
            total=await self._reader.count(request.actor.user_id, request.filter)
            if request.with_total
            else None,
        )

    def _position(self, request: TaskListRequest, this_list: str) -> tuple[Any, UUID] | None:
        if request.cursor is None:
            return None
        value, last_id = self._cursors.open(request.cursor, of=this_list)
        if request.sort == "priority":
            return Priority(value), UUID(last_id)
        return (dt.datetime.fromisoformat(value) if value else None), UUID(last_id)


def _describe(request: TaskListRequest) -> str:
    """Return what a cursor is sealed over: with another user, filter or order it is worthless."""
    wanted = sorted((name, str(value)) for name, value in request.filter.given().items())
    return repr((str(request.actor.user_id), wanted, request.sort, request.descending))


def _position_of(last: TaskView, request: TaskListRequest) -> list[str]:
    value = getattr(last, request.sort)
    text = value.isoformat() if isinstance(value, dt.datetime) else str(value or "")
    return [text, str(last.id)]


def _fitting(tasks: Sequence[TaskView]) -> Sequence[TaskView]:
    """Return as many of the first as a page has room for, and one at least."""
    size = 0
    for count, task in enumerate(tasks):
        size += _bytes(task.title) + _bytes(task.description)
        if size > PAGE_BYTES and count:
            return tasks[:count]
    return tasks


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
